// SPDX-License-Identifier: MIT
// Records as a matrix leaves them, for pages of any size: node synthetic.mjs DIR KERNELS FINDINGS [hostile]
// Nothing is random: the same arguments make the same files.
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";

const [dir, kernels, findings, hostile] = process.argv.slice(2);
const hookdiff = process.env.HOOKDIFF || "hookdiff";
const clauses = JSON.parse(execFileSync(hookdiff, ["clauses", "--json"], { encoding: "utf8" }));
const kernelClauses = clauses.filter((c) => c.profiles.includes("kernel")).map((c) => c.clause);

// As many kernels as wanted, the oldest ones of which the profiles promise changes.
const RELEASES = ["5.4.100", "5.10.200", "5.15.150", "5.18.5", "6.1.100", "6.4.3", "6.6.60", "6.12.20", "6.18.4", "6.19.1",
	"7.0.2", "7.1.3", "5.3.5", "5.8.9", "6.5.2", "6.7.4"];
const PROFILE = "v6.7";
const FIELDS = ["ret", "optval", "optlen", "seen.retval", "seen.optval", "runs", "order", "seen.level", "seen.optname",
	"seen.optlen", "seen.size"];
// Every kind of finding there is: a finding is kept once for each.
const kinds = [];
for (const clause of kernelClauses)
	for (const field of FIELDS)
		for (const hook of ["getsockopt", "setsockopt"])
			if (!/^(GET|SET)\./.test(clause) || hook.startsWith(clause.slice(0, 3).toLowerCase())) kinds.push({ clause, hook, field });
const EVIL = [
	"</script><img src=x onerror=alert(1)>", "<!--<script>alert(2)</script>", "]]><svg/onload=alert(3)>",
	"'\"><a href=javascript:alert(4)>x</a>", "\u202e gnissorc \u2066 rtl \u200b zero", "\u2028 line \u2029 para",
	"bell \u0007 escape \u001b[31m red", "${alert(5)} {{7*7}} &lt;b&gt; %3Cscript%3E __proto__",
];
const evil = (i) => (hostile ? EVIL[i % EVIL.length] : "");
const hex = (n, seed) => Array.from({ length: n }, (_, i) => ((i * 37 + seed * 11) & 255).toString(16).padStart(2, "0")).join("");

function side(i, field, got) {
	const mem = hex(96, i), flip = (s, at) => s.slice(0, 2 * at) + "ee" + s.slice(2 * at + 2);
	const program = (level, n) => ({
		program: level + " program " + n, level: 0, optname: got && field === "seen.optname" ? 2 : 1,
		optlen: got && field === "seen.optlen" ? 5 : 4, retval: got && field === "seen.retval" ? -14 : 0, size: 16,
		optval: got && field === "seen.optval" ? flip(hex(16, i), 9) : hex(16, i),
	});
	return {
		ret: got && field === "ret" ? -14 : -1, optlen: got && field === "optlen" ? 8 : 4,
		optval: got && field === "optval" ? flip(mem, 21) : "....".repeat(4) + mem.slice(16),
		...(got ? { runs: 2 } : {}), programs: [program("a/b", 1), program("a", 1)],
	};
}

function finding(k, i, release) {
	const { clause, hook, field } = kinds[i % kinds.length];
	const name = hostile ? "corpus/" + evil(i) + ".case" : "corpus/synthetic/case-" + i + ".case";
	return {
		type: "case", verdict: "FAIL", kernel: release, path: name, clauses: [clause], clause, hook, call: 1,
		state: false, field, ...(field.startsWith("seen") ? { program: 1 } : {}),
		...(/optval/.test(field) ? { offset: field === "optval" ? 21 : 9 } : {}), want_value: -1, got_value: -14,
		want: side(i, field, false), got: side(i, field, true), reruns: 10, failed: 10,
		behaves_like: [{ profile: "v5.18", clause: "GET.RETVAL.ANY" }, { profile: "v5.8", clause: "GET.RETVAL.ANY" }],
		reproduce: "hookdiff run --profile " + PROFILE + " 'findings/" + k + "-" + i + evil(i) + ".case'",
		case: "# " + clause + " does not hold in " + hook + ": " + field + " differs, case " + k + "/" + i + " " + evil(i) + "\n# clauses " + clause +
			"\ncgroup a/b { getsockopt multi: retval = -EPERM; return 1 }\n" +
			"s = socket(AF_INET, SOCK_STREAM, 0) in a/b\nsetsockopt(s, SOL_IP, IP_TOS, i32 32, optlen 4)\n" +
			hook + "(s, SOL_IP, IP_TOS, buf 4, optlen 4)\n",
	};
}

mkdirSync(dir, { recursive: true });
for (let k = 0; k < Number(kernels); k++) {
	const release = RELEASES[k % RELEASES.length], lines = [], argv = ["hookdiff", "matrix", "--kernels", "all", evil(3)].filter(Boolean);
	const seen = new Map();
	lines.push({ type: "matrix", spec: "debian:" + release, version: "0.0.0 (synthetic)", argv, commands: [["run"]] });
	lines.push({ type: "image", package: release + "-1", release, boot: "vmlinux", fetched: false, seconds: 0.1 });
	lines.push({ type: "boot", release, version: "#1 SMP " + evil(1), profile: PROFILE, own_profile: "", evidence: "source", seconds: 2 });
	lines.push({ type: "run", command: "run", version: "0.0.0", kernel: release, arch: "x86_64", profile: PROFILE, page_size: 4096,
		seed: "7", start: "2026-01-02T03:04:05Z", argv: ["hookdiff", "run", "corpus"] });
	const n = k ? Number(findings) : 0; // the oldest kernel agrees
	for (let i = 0; i < n; i++) {
		const f = finding(k, i, release);
		lines.push(f);
		seen.set(f.clause, (seen.get(f.clause) || 0) + 1);
	}
	for (let i = 0; i < 40; i++)
		lines.push({ type: "case", verdict: "PASS", path: "corpus/agree-" + i + ".case", clauses: [kernelClauses[i]] });
	lines.push({ type: "case", verdict: "SKIP", kernel: release, path: "corpus/skip.case", clauses: ["SET.RETVAL.RAW"],
		why: "this kernel has no such helper " + evil(0) });
	const stat = {};
	for (const c of kernelClauses) stat[c] = { calls: 100 + (seen.get(c) || 0), fail: seen.get(c) || 0, waived: 0, silent: 0, inconclusive: 0 };
	const both = (n) => ({ getsockopt: n, setsockopt: n });
	lines.push({ type: "summary", verdict: n ? "FAIL" : "PASS", exit: n ? 1 : 0, cases: n + 41, calls: 2 * n + 82, pass: 40, fail: n,
		waived: 0, skipped: 1, inconclusive: 0, error: 0, findings: n, silent: 0, seconds: 1.5,
		controls: { ran_ok: both(9), ran_bad: both(0), silent_ok: both(9), silent_bad: both(0) }, clauses: stat });
	lines.push({ type: "ended", command: "run", exit: n ? 1 : 0, seconds: 1.5 });
	if (hostile) lines.push({ type: "splat", command: "run", text: "WARNING: at " + evil(0), running: evil(1) });
	lines.push({ type: "end", end: "done", why: "", running: "", console: evil(1), boot: 2, seconds: 4, peak_rss: 1 << 27, kvm: false });
	writeFileSync(dir + "/kernel-" + String(k).padStart(2, "0") + ".jsonl", lines.map((l) => JSON.stringify(l)).join("\n") + "\n");
}
