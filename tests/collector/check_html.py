# SPDX-License-Identifier: Apache-2.0
"""Fails unless a page is well formed, refers to nothing outside itself and runs nothing."""
import html.parser
import re
import sys

VOID = {"meta", "br", "hr", "img", "link", "input"}
BANNED_TAGS = {"script", "link", "img", "iframe", "object", "embed", "base", "form", "image", "use"}
BANNED_ATTRIBUTES = {"src", "href", "xlink:href", "srcset", "action", "style", "background"}


class Checker(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.errors, self.ids, self.tables = [], [], set(), 0

    def handle_starttag(self, tag, attributes):
        if tag in BANNED_TAGS:
            self.errors.append(f"<{tag}> at {self.getpos()}")
        for name, value in attributes:
            if name in BANNED_ATTRIBUTES or name.startswith("on"):
                self.errors.append(f"attribute {name} at {self.getpos()}")
            if name == "id":
                if value in self.ids:
                    self.errors.append(f"id {value} twice")
                self.ids.add(value)
            if name == "aria-labelledby":
                self.labels = getattr(self, "labels", []) + value.split()
        self.tables += tag == "table"
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if not self.open or self.open[-1] != tag:
            self.errors.append(f"</{tag}> at {self.getpos()} closes {self.open[-1:]}")
        else:
            self.open.pop()


def main(path):
    page = open(path, encoding="utf-8").read()
    checker = Checker()
    checker.feed(page)
    checker.close()
    errors = checker.errors + [f"<{tag}> is never closed" for tag in checker.open]
    errors += [f"no id {x}" for x in getattr(checker, "labels", []) if x not in checker.ids]
    if not page.startswith("<!DOCTYPE html>"):
        errors.append("no document type")
    if checker.tables == 0:
        errors.append("no table")
    for banned in (r"https?://", r"url\(", r"@import", r"javascript:", r"<!--"):
        if re.search(banned, page, re.IGNORECASE):
            errors.append(f"contains {banned}")
    for error in errors:
        print(error, file=sys.stderr)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
