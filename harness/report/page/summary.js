/* SPDX-License-Identifier: MIT */
/* The head of the page, and its first chapter. */
const total = (f) => columns.reduce((n, c) => n + c.commands.reduce((m, x) => m + (x[f] || 0), 0), 0);

function overview() {
	const WORD = { PASS: ["agrees", "agree"], FAIL: ["differs", "differ"], SKIP: ["skipped", "skipped"],
		ERROR: ["in error", "in error"], INCONCLUSIVE: ["inconclusive", "inconclusive"] };
	const words = new Map(), kernels = new Set(columns.map((c) => c.release || c.spec)).size;
	for (const c of columns) words.set(c.verdict, (words.get(c.verdict) || 0) + 1);
	$("kind").textContent = safe(doc.kind + (doc.version ? ", version " + doc.version : ""));
	add($("verdict"), [badge(doc.verdict), kernels < columns.length ? some(columns.length, "run") + " on " : "",
		some(kernels, "kernel") + ": " + [...words].sort((a, b) => a[0] < b[0] ? -1 : 1).map(([v, n]) =>
			(words.size > 1 || n > 1 ? (words.size === 1 ? "all" : count(n)) + " " : "") +
			(WORD[v] || [v, v])[n > 1 ? 1 : 0]).join(", ")]);
	const parts = [some(total("cases"), "case"), some(total("calls"), "call")];
	for (const [f, word] of [["fail", "differ"], ["waived", "waived"], ["skipped", "skipped"],
		["inconclusive", "inconclusive"], ["error", "in error"]])
		if (total(f)) parts.push(count(total(f)) + " " + word);
	if (columns.length > 1) parts.push(some(doc.unexpected.length, "unexpected change"));
	$("line").textContent = parts.join(", ") + ".";
	document.title = safe("hookdiff " + doc.kind + ": " + doc.verdict + ", " + some(columns.length, "kernel"));
}

function summary() {
	const body = $("summary-body");
	const head = ["kernel", "verdict", "release", "profile", "cases", "calls", "differ", "waived", "skipped", "boot", "total"];
	const num = (n) => h("td", { class: "num" }, n);
	const sum = (c, f) => c.commands.reduce((m, x) => m + (x[f] || 0), 0);
	add(body, [h("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "kernels" }, h("table", null,
		h("thead", null, h("tr", null, head.map((t, i) => h("th", { scope: "col", class: i > 3 && "num" }, t)))),
		h("tbody", null, columns.map((c) => h("tr", null, h("th", { scope: "row" }, c.label), h("td", null, badge(c.verdict)),
			h("td", { class: "mono" }, c.release || ""),
			h("td", null, c.profile || "none", c.own_profile && c.own_profile !== c.profile &&
				h("span", { class: "soft" }, " (its own: " + c.own_profile + ")")),
			num(count(sum(c, "cases"))), num(count(sum(c, "calls"))), num(count(sum(c, "fail"))), num(count(sum(c, "waived"))),
			num(count(sum(c, "skipped"))), num(c.boot ? seconds(c.boot) : ""), num(seconds(c.seconds ?? sum(c, "seconds")))))))),
	columns.filter((c) => c.why).map((c) => h("p", { class: "note" }, h("b", null, c.label), ": ", c.why)),
	columns.filter((c) => c.splats.length).map((c) => h("p", { class: "note" }, h("b", null, c.label),
		": the kernel complained in its log, ", some(c.splats.length + (c.more_splats || 0), "time"), ": ",
		code(c.splats[0].split("\n")[0]))),
	doc.trimmed && h("p", { class: "note" }, doc.trimmed),
	facts([
		["command", doc.argv ? code(doc.argv) : ""],
		["seed", doc.seed],
		["begun", columns.flatMap((c) => c.commands.map((x) => x.start)).filter(Boolean).sort()[0]],
	]),
	fold("The profiles: which rules a kernel is held to, and how we know", profiles, { plain: true }),
	fold("Every command: times, seeds, command lines", commands, { plain: true })]);
}
function profiles() {
	const used = new Set(columns.flatMap((c) => [c.profile, c.own_profile]));
	return h("div", { class: "scroll", tabindex: "0" }, h("table", null,
		h("thead", null, h("tr", null, ["profile", "kernels", "what began it", "evidence"].map((t) => h("th", { scope: "col" }, t)))),
		h("tbody", null, doc.profiles.map((p) => h("tr", null, h("th", { scope: "row" }, p.name, used.has(p.name) && " (used here)"),
			h("td", null, p.releases || ""), h("td", null, p.what), h("td", null, p.evidence))))));
}
function commands() {
	const rows = [];
	for (const c of columns)
		for (const x of c.commands)
			rows.push(h("tr", null, h("th", { scope: "row" }, c.label), h("td", null, x.command), h("td", null, badge(x.verdict)),
				h("td", { class: "num" }, count(x.cases || 0)), h("td", { class: "num" }, count(x.calls || 0)),
				h("td", { class: "num" }, seconds(x.seconds)), h("td", { class: "mono" }, x.seed || ""),
				h("td", { class: "mono" }, x.start || ""), h("td", { class: "mono" }, x.argv || "")));
	return h("div", { class: "scroll", tabindex: "0" }, h("table", null,
		h("thead", null, h("tr", null, ["kernel", "command", "verdict", "cases", "calls", "time", "seed",
			"begun", "as started"].map((t) => h("th", { scope: "col" }, t)))),
		h("tbody", null, rows)));
}
