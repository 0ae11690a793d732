"""Queries, numbers and JSON as PHP 8.2 has them: what is expected was printed by it."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any

import pytest

from smugsync.emulator.pixelpost.php import int_of, read_query, write_json

QUERIES: dict[str, Any] = {
    "fields[]=id&fields[]=title&sort[publish-date]=desc": {
        "fields": ["id", "title"],
        "sort": {"publish-date": "desc"},
    },
    "fields%5B%5D=id": {"fields": ["id"]},
    "f[a][start]=2011-05-01T00:00:00%2B00:00": {"f": {"a": {"start": "2011-05-01T00:00:00+00:00"}}},
    "a=%2B+x": {"a": "+ x"},
    "a=1&a=2": {"a": "2"},
    "a[]=1&a=2": {"a": "2"},
    "a=1&a[]=2": {"a": ["2"]},
    "a[x][y]=1&a[x][]=2": {"a": {"x": {"y": "1", "0": "2"}}},
    "a[5]=x&a[]=y": {"a": {"5": "x", "6": "y"}},
    "a[0]=x&a[1]=y": {"a": ["x", "y"]},
    "a[1]=x&a[0]=y": {"a": {"1": "x", "0": "y"}},
    "x[1.5]=1&x[-1]=2&x[01]=3": {"x": {"1.5": "1", "-1": "2", "01": "3"}},
    "a.b=1&a b=2": {"a_b": "2"},
    "a[b.c]=1": {"a": {"b.c": "1"}},
    "a[=1": {"a_": "1"},
    "a[b=1": {"a_b": "1"},
    "a[b]c=1": {"a": {"b": "1"}},
    "a[b]]=1": {"a": {"b": "1"}},
    "a[[b]=1": {"a": {"[b": "1"}},
    "a]b=1": {"a]b": "1"},
    "[x]=1": {},
    "a": {"a": ""},
    "=x": {},
    "&&a=1&": {"a": "1"},
    ".a=1": {"_a": "1"},
    "%20a=1": {"a": "1"},
    "": {},
}
NUMBERS: list[tuple[Any, int]] = [
    ("1", 1),
    ("true", 0),
    ("1abc", 1),
    (" 2", 2),
    ("-1", -1),
    ("1e2", 100),
    ("0x1A", 0),
    ("", 0),
    (1.9, 1),
    (True, 1),
    (None, 0),
    ([], 0),
    ([1], 1),
    ("9999999999999999999", 9223372036854775807),
]


@pytest.mark.parametrize(("query", "found"), QUERIES.items())
def test_a_query_is_read_as_php_reads_it(query: str, found: Any) -> None:
    assert read_query(query) == found


@pytest.mark.parametrize(("value", "number"), NUMBERS)
def test_a_number_is_read_as_php_reads_it(value: Any, number: int) -> None:
    assert int_of(value) == number


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ('a"b', r'"a\u0022b"'),
        ("\\", r'"\\"'),
        ('\\"', r'"\\\u0022"'),
        ("http://x/", r'"http:\/\/x\/"'),
        ("é😀", r'"\u00e9\ud83d\ude00"'),
        ("\b\f\n\r\t\x01", r'"\b\f\n\r\t\u0001"'),
        ("John & Giles <1987>", '"John & Giles <1987>"'),
        ({"a": [1, True, None]}, '{"a":[1,true,null]}'),
    ],
)
def test_json_is_escaped_as_php_escapes_it(value: Any, text: str) -> None:
    assert write_json(value) == text


@pytest.mark.skipif(shutil.which("php") is None, reason="there is no PHP")
def test_php_itself_reads_these_queries_so() -> None:
    program = (
        "foreach (json_decode($argv[1]) as $q) { parse_str($q, $o); $all[] = (object) $o; }"
        " echo json_encode($all);"
    )
    command = ["php", "-r", program, json.dumps(list(QUERIES))]
    done = subprocess.run(command, capture_output=True, timeout=20, check=True)
    assert json.loads(done.stdout) == list(QUERIES.values())
