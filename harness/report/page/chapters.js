/* SPDX-License-Identifier: MIT */
/* Findings, expected changes, documents, what was skipped, how to repeat it. */
function findings() {
	const body = $("findings-body"), list = groups.filter(groupShown);
	body.replaceChildren();
	if (!groups.length)
		add(body, [h("p", null, "None: every call that was compared agrees.")]);
	else if (!list.length)
		add(body, [h("p", null, "The filter hides all " + count(groups.length) + ".")]);
	else
		add(body, [h("p", { class: "soft small" }, some(list.length, "finding") + (list.length < groups.length
			? " of " + count(groups.length) + " (filtered)" : "") + ", " +
			some(list.reduce((n, g) => n + g.records.length, 0), "record") + ". A finding is one clause, hook and field."),
		paged(list, (g) => fold([title(g), h("span", { class: "soft" }, " on " + [...g.columns].map(([k, n]) =>
			columns[k].label + (n > 1 ? " (" + count(n) + ")" : "")).join(", "))], () => inGroup(g)), "finding")]);
}
const inGroup = (g) => {
	const found = state.q ? g.records.filter(matches) : g.records, list = found.length ? found : g.records;
	return list.length === 1 ? evidence(list[0])
		: paged(list, (r) => row(r, r === list[0]), "record", 10);
};

function reasons(at) {
	const a = doc.profiles.findIndex((p) => p.name === columns[at].own_profile);
	const b = doc.profiles.findIndex((p) => p.name === columns[at + 1].own_profile);
	return a < 0 || b < 0 ? [] : doc.profiles.filter((p, i) => i > a && i <= b && p.family === "kernel");
}
function expected() {
	const body = $("changes-body");
	if (!wide) {
		$("changes").hidden = true;
		return;
	}
	if (!doc.expected.length && !doc.unexpected.length)
		add(body, [h("p", null, "Between these kernels the profiles promise no change, and there is none.")]);
	const names = (list) => list.map((e, i) => [i ? ", " : "", code(clauseName(e.c))]);
	for (let at = 0; at + 1 < columns.length; at++) {
		const mine = doc.expected.filter((e) => e.at === at), bad = doc.unexpected.filter((e) => e.at === at);
		if (!mine.length && !bad.length) continue;
		add(body, [h("h3", null, columns[at].label + " to " + columns[at + 1].label,
			h("span", { class: "soft" }, " (" + (columns[at].own_profile || "?") + " to " + (columns[at + 1].own_profile || "?") + ")")),
		reasons(at).length ? h("ul", { class: "paths" }, reasons(at).map((p) => h("li", null, h("b", null, p.name), ": " + p.what))) : null,
		facts(["begins", "ends", "changes"].map((word) => {
			const list = mine.filter((e) => e.change === word);
			return list.length ? [word, names(list)] : null;
		}).concat(bad.map((e) => [h("b", null, "UNEXPECTED"), code(clauseName(e.c)), " is ", badge(e.was), " then ", badge(e.is),
			", and no change is expected"])))]);
	}
}

const byFile = new Map(); /* the last two parts of a path, without .case -> records */
for (const r of records) {
	const m = r.path === undefined ? null : /([^/]+\/[^/]+)\.case$/.exec(r.path);
	if (m) byFile.set(m[1], (byFile.get(m[1]) || []).concat(r));
}

/* Cases of a deviation, with what became of them in these runs. */
function deviationCases(d) {
	return h("ul", { class: "chips" }, d.cases.map((path) => {
		const verdicts = new Map(); /* verdict -> labels */
		for (const r of byFile.get(path) || [])
			verdicts.set(r.v, (verdicts.get(r.v) || []).concat(columns[r.k].label));
		return h("li", null, code(path), [...verdicts].map(([v, labels]) =>
			[" ", badge(v), " ", labels.length > 3 ? some(labels.length, "kernel") : labels.join(", ")]));
	}));
}
const deviationText = (d) => h("div", { class: "row" }, h("p", null, h("b", null, d.id), " ", h("span", { class: "tag" },
	(d.in === "doc" ? "published document" : "first proposal") + ": " + d.kind)),
h("p", null, h("span", { class: "tag" }, d.kind === "silent" ? "does not say: " : "says: "), d.says),
h("div", null, h("p", null, h("span", { class: "tag" }, "kernels: "), d.does), deviationCases(d)));
function deviationsOf(c) {
	const id = clauses[c].id, word = /\(?\b([DP]\d+)\b/g, ids = new Set();
	for (const m of (c ? clauses[c].source : "").matchAll(word)) ids.add(m[1]);
	const list = (doc.deviations || []).filter((d) => ids.has(d.id));
	return id && list.length ? [h("h4", null, "Where a document parts from it"), h("div", { class: "cards" }, list.map(deviationText))] : null;
}
function documents() {
	const body = $("document-body");
	const of = (want) => clauses.map((c, i) => i).slice(1).filter((i) => want(clauses[i].in));
	const only = (list) => h("div", { class: "cards" }, list.map((i) => h("div", { class: "row" }, code(clauses[i].id),
		h("p", null, clauses[i].rule), h("p", { class: "tag" }, clauses[i].source))));
	const devs = doc.deviations || [];
	if (devs.length) {
		add(body, [h("p", null, "Where the published document and the first proposal of the hooks are wrong about the kernels, vague, or silent. " +
			"The cases show it; a word behind a case is what became of it in the runs of this page.")]);
		for (const [doc, name] of [["doc", "The published document"], ["draft", "The first proposal"]]) {
			const mine = devs.filter((d) => d.in === doc);
			const kinds = ["wrong", "vague", "silent"].map((k) => [k, mine.filter((d) => d.kind === k).length]).filter((k) => k[1]);
			if (mine.length)
				add(body, [h("h3", null, name), h("p", { class: "soft small" }, some(mine.length, "deviation") + ": " +
					kinds.map(([k, n]) => n + " " + k).join(", ") + "."), h("div", { class: "cards" }, mine.map(deviationText))]);
		}
	}
	const kernelOnly = of((f) => f.includes("kernel") && !f.includes("doc"));
	const docOnly = of((f) => f.includes("doc") && !f.includes("kernel"));
	const draftOnly = of((f) => f.includes("draft") && !f.includes("kernel"));
	add(body, [
		!devs.length && h("p", null, "A rule of the document that is no rule of a kernel is where the document is wrong; a rule of the kernels that " +
			"the document lacks is where it is silent or another rule stands in its place."),
		fold(some(docOnly.length, "rule") + " of the published document that no kernel has", () => only(docOnly), { open: !devs.length }),
		fold(some(draftOnly.length, "rule") + " of the first proposal that no kernel has", () => only(draftOnly)),
		fold(some(kernelOnly.length, "rule") + " of kernels that the published document does not have", () => only(kernelOnly)),
	]);
	if ((doc.sentences || []).length)
		add(body, [fold("Both documents sentence by sentence, and the clause of each", () => h("div", { class: "cards" }, doc.sentences.map((s) =>
			h("div", { class: "row" }, h("p", { class: "tag" }, (s.in === "doc" ? "published document" : "first proposal") + ", " + s.section),
				h("p", null, s.text), h("p", null, s.clauses.length ? s.clauses.map((c, i) => [i ? ", " : "", code(c)])
					: h("span", { class: "soft" }, "no clause: " + (s.without || "")))))))]);
	const papers = columns.map((c, k) => k).filter((k) => /^(doc|draft)$/.test(columns[k].profile || ""));
	if (papers.length)
		add(body, [h("p", null, "In these runs a kernel was held to a document: " + papers.map((k) => columns[k].label).join(", ") +
			". Its findings are places where the document is wrong.")]);
}

function skipped() {
	const body = $("skipped-body"), whole = columns.filter((c) => c.verdict === "SKIP");
	if (!skips.size && !whole.length) add(body, [h("p", null, "Nothing was skipped.")]);
	for (const c of whole) add(body, [h("p", { class: "note" }, h("b", null, c.label), ": " + (c.why || "no reason is on record"))]);
	for (const [why, of] of skips)
		add(body, [fold([some([...of.values()].reduce((n, l) => n + l.length, 0), "case"), ": ", h("b", null, why),
			h("span", { class: "soft" }, " on " + [...of].map(([k, l]) => columns[k].label + " (" + l.length + ")").join(", "))],
		() => [...of].map(([k, l]) => [h("h4", null, columns[k].label), paged(l, (r) => h("p", { class: "small" }, code(where(r)),
			r.about && h("span", { class: "soft" }, " " + r.about.map(clauseName).join(" "))), "case")]))]);
	const waivers = doc.waivers || [];
	if (waivers.length)
		add(body, [h("h3", null, "Waivers"), h("div", { class: "scroll", tabindex: "0" }, h("table", null, h("thead", null, h("tr", null,
			["clause", "kernels", "reason", "link", "owner", "used"].map((t) => h("th", { scope: "col" }, t)))),
		h("tbody", null, waivers.map((w) => h("tr", null, h("th", { scope: "row" }, w.clause), h("td", { class: "mono" }, w.kernels),
			h("td", null, w.reason), h("td", null, address(w.link)), h("td", null, w.owner),
			h("td", null, w.used ? count(w.used) : w.judged ? "never: can it go?" : "no such kernel here", w.expired && ", expired"))))))]);
}

function howTo() {
	const body = $("reproduce-body");
	if (doc.argv) add(body, [h("p", null, "The whole of it:"), command(doc.argv)]);
	else
		for (const c of columns)
			for (const x of c.commands)
				if (x.argv) add(body, [h("p", { class: "small" }, c.label), command(x.argv)]);
	add(body, [h("p", null, "One finding: each has its command, and its smallest case as text that can be pasted into a shell. " +
		"A case can be read without a kernel: ", code("hookdiff predict finding.case"), " prints what is allowed, and which clause says so."),
	h("p", null, "hookdiff and how to build it: see README.md of the project. Exit codes: 0 all agrees, 1 a difference, 2 nothing compared, " +
		"inconclusive or an error.")]);
}
