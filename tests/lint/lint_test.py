#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each rule of lint.py finds a planted offence, and nothing in a clean tree."""

import os
import tempfile
import unittest

import lint

SPDX = "// SPDX-License-Identifier: Apache-2.0\n"
CLEAN = {
    "common/a.h": SPDX + "#pragma once\n",
    "sensor/decode/decode.cc": SPDX + '#include "common/a.h"\n// clock_gettime( in words is fine\n',
    "sensor/classify/c.cc": SPDX + '#include "sensor/decode/decode.h"\n',
    "sensor/main.cc": SPDX + 'int main() { return Flag("--read"); }\n',
    "docs/x.md": "<!-- SPDX-License-Identifier: Apache-2.0 -->\n# A heading\n[x](#a-heading) "
                 "[y](../common/a.h) `common/a.h` teiten-sensor --read F\n",
    "deploy/go": "#!/usr/bin/env bash\n# SPDX-License-Identifier: Apache-2.0\necho hello\n",
}
OFFENCES = {
    "spdx": ("common/b.cc", "int x;\n", "common/b.cc:1: no SPDX line"),
    "cores": ("sensor/decode/d.cc", SPDX + "auto t = steady_clock::now();\n",
              "sensor/decode/d.cc:2: a core must not use a clock"),
    "walls": ("common/b.h", SPDX + "#include <sqlite3.h>\n",
              "common/b.h:1: a header must not include SQLite"),
    "direction": ("sensor/decode/d.cc", SPDX + '#include "sensor/uplink/u.h"\n',
                  "sensor/decode/d.cc:2: stage decode must not include later uplink"),
    "links": ("docs/y.md", "[x](none.md)\n", "docs/y.md:1: link to none.md: no such file"),
    "paths": ("docs/y.md", "`common/none.h`\n",
              "docs/y.md:1: names common/none.h, which does not exist"),
    "flags": ("docs/y.md", "run `teiten-sensor --nonsense`\n",
              "docs/y.md:1: teiten-sensor has no --nonsense"),
    "shell": ("deploy/bad", "#!/usr/bin/env bash\n# x\necho $1\n", "deploy/bad:3:"),
}


class LintTest(unittest.TestCase):
    def problems(self, check, tree):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in tree.items():
                os.makedirs(os.path.join(folder, os.path.dirname(name)), exist_ok=True)
                with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                    file.write(text)
            lint.ROOT = folder
            return list(lint.CHECKS[check](lint.tracked()))

    def test_clean_tree_has_no_problem(self):
        for check in lint.CHECKS:
            with self.subTest(check):
                self.assertEqual(self.problems(check, CLEAN), [])

    def test_each_offence_is_found(self):
        for check, (name, text, expected) in OFFENCES.items():
            with self.subTest(check):
                found = self.problems(check, {**CLEAN, name: text})
                self.assertEqual(len(found), 1, found)
                self.assertTrue(found[0].startswith(expected), found)

    def test_too_many_users_of_a_walled_library(self):
        users = {f"collector/store/s{n}.cc": SPDX + "#include <sqlite3.h>\n" for n in range(4)}
        self.assertEqual(len(self.problems("walls", users)), 1)
        users.popitem()
        self.assertEqual(self.problems("walls", users), [])

    def test_daemons_do_not_include_one_another(self):
        tree = {"client/c.cc": SPDX + '#include "collector/store/store.h"\n'}
        self.assertEqual(self.problems("direction", tree),
                         ["client/c.cc:2: client must not include collector"])


if __name__ == "__main__":
    unittest.main()
