"""Tests of the benchmark's report and its charts: `python3 benches/test_compare.py`."""

import re
import subprocess
import sys
import unittest

import compare

AMD = {"vendor_id": "AuthenticAMD", "model name": "AMD EPYC", "cpu family": "26", "model": "2"}
INTEL = {"vendor_id": "GenuineIntel", "model name": "Xeon"}


class Report(unittest.TestCase):
    def test_a_run_adds_the_section_of_its_vendor_and_keeps_the_others(self) -> None:
        amd = compare.merged("", "AMD", "## On AMD\n\nfast")
        self.assertTrue(amd.startswith("# Performance\n"))
        both = compare.merged(amd, "Intel", "## On Intel\n\nfast, too")
        self.assertIn("## On AMD\n\nfast\n", both)
        self.assertLess(both.index("fast\n"), both.index("fast, too"))
        intel = compare.merged("", "Intel", "## On Intel\n\nfast, too")
        self.assertEqual(compare.merged(intel, "AMD", "## On AMD\n\nfast"), both)

    def test_a_second_run_replaces_the_section_of_its_vendor(self) -> None:
        both = compare.merged(compare.merged("", "AMD", "slow"), "Intel", "fast")
        again = compare.merged(both, "AMD", "quick")
        self.assertNotIn("slow", again)
        self.assertEqual((again.count("quick"), again.count("fast")), (1, 1))
        self.assertEqual(compare.merged(again, "AMD", "quick"), again)

    def test_a_run_on_another_vendor_keeps_the_sections_of_the_committed_report(self) -> None:
        report = compare.REPORT.read_text()
        amd = report[report.index("<!-- AMD -->") : report.index("<!-- end of AMD -->")]
        self.assertIn("### The figures that matter", amd)
        self.assertIn(amd, compare.merged(report, "another", "text"))

    def test_the_committed_report_contains_the_texts_of_the_script(self) -> None:
        report = compare.REPORT.read_text()
        self.assertTrue(report.startswith(compare.INTRODUCTION))
        for heading, about in compare.CASES.values():
            self.assertIn(f"\n#### {heading}\n\n{about}", report)
        for peer, about in compare.ABOUT.items():
            self.assertIn("\n".join(compare.wrapped([f"- {peer} {about}"])), report)

    def test_the_charts_match_the_report_and_the_report_links_them(self) -> None:
        draw = compare.ROOT / "docs" / "pictures" / "draw.py"
        subprocess.run([sys.executable, draw, "--check"], check=True)
        report = compare.REPORT.read_text()
        for vendor in re.findall(r"<!-- end of (\w+) -->", report):
            for chart in compare.CHARTS:
                self.assertIn(f"(pictures/{chart}-{vendor.lower()}.svg)", report)
                self.assertTrue((draw.parent / f"{chart}-{vendor.lower()}.svg").exists())

    def test_vendor_and_model_of_the_cpu_are_detected(self) -> None:
        self.assertEqual([compare.vendor(info) for info in (AMD, INTEL)], ["AMD", "Intel"])
        self.assertEqual(compare.vendor({"vendor_id": "CentaurHauls"}), "CentaurHauls")
        self.assertNotEqual(compare.vendor({}), "")
        self.assertEqual(compare.model(AMD), "AMD EPYC (family 26, model 2)")
        self.assertIn("Xeon", compare.model(INTEL))
        self.assertNotEqual(compare.vendor(compare.cpu()), "")

    def test_a_section_has_the_ratios_of_the_measured_cases(self) -> None:
        driver = compare.Driver("Rust", [])
        times = {"oidc": 40.0, "tampered": 42.0, "bouncer": 40.0, "second_key": 41.0, "keys_in_turn": 60.0}
        candidates = [
            compare.Candidate(driver, 0, case, "bouncer_verify", "0.1.0", [time] * 3)
            for case, time in times.items()
        ]
        text = compare.section(compare.Results(candidates), ["libjwt: not installed"], "no load", AMD)
        self.assertTrue(text.startswith("## On AMD: AMD EPYC (family 26, model 2)\n"))
        for line in (
            "| A forged token ÷ a valid one | 1.050 | 1.050 .. 1.050 |",
            "| No `kid`, the second of 2 keys ÷ one key | 1.025 | 1.025 .. 1.025 |",
            "| No `kid`, 2 keys in turn ÷ one key | 1.500 | 1.500 .. 1.500 |",
            "#### No `kid`, and 2 keys in turn",
            "- libjwt: not installed",
        ):
            self.assertIn(f"\n{line}\n", text)
        headings = [line for line in text.splitlines() if line.startswith("#")]
        self.assertEqual([line for line in headings if line.startswith("## ")], headings[:1])

    def test_every_figure_uses_cases_that_have_a_heading(self) -> None:
        for what, _, places in compare.FIGURES:
            for place in places:
                self.assertIn(place.split("/")[0], compare.CASES, what)


if __name__ == "__main__":
    unittest.main()
