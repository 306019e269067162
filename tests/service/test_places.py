"""Every key's line is found, whatever stands between the keys."""

from __future__ import annotations

import pytest

from service.places import line_of, lines_of_keys

TEXT = """# a = 1
top = 1
dotted.key = 2
"quoted" = 3
'bare' = 4
"with space" = 5
a . b = 6

[table] # with a remark
inner = 1 # [not.a.table]

[table.below]
deep = 1

[[list]]
x = 1
[[list.sub]]
y = 1
[[list.sub]]
y = 2
[list.sub.table]
z = 1
[[list]]
x = 2
[[list.sub]]
y = 3
[ spaced . out ]
s = 1
"""


@pytest.mark.parametrize(
    ("place", "line"),
    [
        (("top",), 2),
        (("dotted", "key"), 3),
        (("quoted",), 4),
        (("bare",), 5),
        (("with space",), 6),
        (("a", "b"), 7),
        (("table",), 9),
        (("table", "inner"), 10),
        (("table", "below"), 12),
        (("table", "below", "deep"), 13),
        (("list", 0), 15),
        (("list", 0, "x"), 16),
        (("list", 0, "sub", 0), 17),
        (("list", 0, "sub", 0, "y"), 18),
        (("list", 0, "sub", 1, "y"), 20),
        (("list", 0, "sub", 1, "table", "z"), 22),
        (("list", 1), 23),
        (("list", 1, "x"), 24),
        (("list", 1, "sub", 0, "y"), 26),
        (("spaced", "out", "s"), 28),
    ],
)
def test_each_key_is_on_its_line(place: tuple[str | int, ...], line: int) -> None:
    assert lines_of_keys(TEXT)[place] == line


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ((), 1),
        (("missing",), 1),
        (("table", "missing"), 9),
        (("table", "inner", 3, "deeper"), 10),
        (("list", 1, "sub", 0, "missing"), 25),
        (("list", 7, "x"), 1),
    ],
)
def test_a_place_that_is_not_there_is_on_the_line_of_what_holds_it(place: tuple[str | int, ...], line: int) -> None:
    assert line_of(place, lines_of_keys(TEXT)) == line


@pytest.mark.parametrize(
    "between",
    [
        "rows = [\n [0.0, 0.6],\n [1.0, 0.6]\n]\n",
        "rows = [\n [1]\n]\n",
        'names = [\n ["a"]\n]\n',
        "rows = [ # [\n  [1] # ]\n]\n",
        'rows = [\n "]", "[",\n [1]\n]\n',
        "rows = [\n ']',\n [1]\n]\n",
        'odd = "[ # not a remark"\n',
        'odd = "\\"["\n',
        "odd = '\\'\n",
        'long = """\n[fake]\nwanted = 1\n"""\n',
        'long = """[\n\\"""\n[fake]\nwanted = 1\n""""\n',
        "long = '''\n[fake]\nwanted = 1\n'''\n",
        "point = {x = 1, rows = [[1], [2]]}\n",
        '# """\n',
        "# '''\n",
        "# [ {\n",
        'text = "# no remark" # [\n',
        "text = 'it' # it's\n",
        'text = "\\u2028 \u2028 \x85"\n# \u2028 \x85\n',
        "\r\n\r\n",
    ],
)
def test_what_only_looks_like_a_key_or_a_heading_is_passed_over(between: str) -> None:
    text = f"[[list]]\n{between}wanted = 1\n[next]\nx = 1\n"
    keys = lines_of_keys(text)
    start = between.count("\n") + 2
    assert keys["list", 0, "wanted"] == start
    assert keys["next", "x"] == start + 2
    assert not any("fake" in place for place in keys)
