"""A Pixelpost 2 site on the same library and port: `/api/{get,json,xml}/` and `/photos/{original,...}/`.

==================  ======================================================================================
service             from an HTTP request to the answer: which codec, who asks, what went wrong
envelope            requests and answers as JSON, XML and query; success, failure and the "Oops!" page
php                 queries and numbers as PHP reads them, JSON as it writes it
signing             the arithmetic of the sign-in: secret, window, token, signatures
sessions            challenges, tokens and their nonces; who may do what
chance              what nobody can guess
entities            the key pairs that may sign in, and their grants
methods             every method, the grant it takes and what it answers
reading             photo.list, photo.get and photo.count: fields, pages, order, filters
uploading           upload.*, and how photo.add makes a file of its own of what came
site                the pictures of the account as those of the site: ids, file names, dates
files               the picture files, with the validators of Apache or without any
bridge              the administration's way to the same methods, by cookie
bugs                what is wrong upstream, each by a name that a switch turns
control             `/_emulator/pixelpost`: tests change the site under way
==================  ======================================================================================

The application that was run and recorded is `pixelpost/ultralite2` of June 2012 on PHP 8.2.
"""
