"""SmugMug's older JSON APIs, 1.2.0 to 1.3.0: `dialect` the questions and answers, `versions` what differs,
`sign_in` sessions; `calls` and `envelope` what every question and answer has around it, `albums` and `images`
what SmugMug's objects say in our terms, `folders` categories, `uploads` files on their way there, `failures`
and `refusals` the fault codes, `grants` what a token may do, `keys` and `times` what is peculiar about
both."""
