/* SPDX-License-Identifier: MIT */
/* What stands beside the table: the evidence of a cell, a clause or a kernel. */
let opened = null;

function openCell(cell, focus) {
	const at = find(cell), column = at.c - 1, clause = rows[at.r].clause;
	if (opened) opened.removeAttribute("aria-selected");
	if (at.r === 0 && (column < 0 || column >= columns.length)) return closePanel(false);
	opened = cell;
	cell.setAttribute("aria-selected", "true");
	const content = at.r === 0 ? kernelCard(column)
		: column < 0 || column >= columns.length ? clauseCard(clause) : cellCard(clause, column);
	const close = h("button", { type: "button", "aria-label": "Close the evidence" }, "Close");
	close.addEventListener("click", () => closePanel(true));
	const heading = h("h3", { tabindex: "-1" }, content.title);
	$("panel").replaceChildren(h("div", { class: "head" }, heading, close));
	add($("panel"), content.body);
	$("panel").hidden = false;
	$("panel").scrollTop = 0;
	$("board").classList.add("open");
	state.cell = at.r === 0 ? "@" + columns[column].label
		: clauseName(clause) + (column >= 0 && column < columns.length ? "@" + columns[column].label : "");
	saveState();
	if (focus) heading.focus({ preventScroll: true });
	cell.scrollIntoView({ block: "nearest", inline: "nearest" });
	if (matchMedia("(max-width: 69.99rem)").matches) $("panel").scrollIntoView({ block: "start" });
	return undefined;
}
function closePanel(focus) {
	const cell = opened;
	if (cell) cell.removeAttribute("aria-selected");
	opened = null;
	$("panel").hidden = true;
	$("panel").replaceChildren();
	$("board").classList.remove("open");
	state.cell = "";
	saveState();
	if (focus && cell) {
		setActive(cell, true);
		cell.scrollIntoView({ block: "nearest", inline: "nearest" });
	}
}

function holdsIn(c) {
	const kernels = doc.profiles.filter((p, i) => p.family === "kernel" && clauses[c].holds[i] === "1");
	const all = doc.profiles.filter((p) => p.family === "kernel");
	const papers = doc.profiles.filter((p, i) => p.family !== "kernel" && clauses[c].holds[i] === "1").map((p) => p.name);
	const inKernels = kernels.length === all.length ? "every kernel's" : kernels.map((p) => p.name).join(", ");
	return [inKernels, papers.join(", ")].filter(Boolean).join("; documents: ") || "none";
}
const clauseFacts = (c) => c ? facts([["rule", clauses[c].rule], ["source", clauses[c].source], ["profiles", holdsIn(c)]])
	: facts([["rule", "What a case itself says after “=” must agree with the oracle and with the kernel."]]);

function listed(list, what) {
	if (!list.length) return null;
	return paged(list, (r) => row(r, r === list[0], true), what, 10);
}
function casesAbout(list) {
	if (!list.length) return null;
	return [h("h4", null, "Cases that name this clause"), paged(list, (r) => h("p", { class: "small" }, badge(r.v), " ",
		code(where(r)), lookup(r.why) && h("span", { class: "soft" }, ": " + lookup(r.why))), "case", 15)];
}

function cellCard(c, k) {
	const col = columns[k], [word, calls, fail, waived] = col.cells[c], mine = cellRecords(c, k), x = changeInto(c, k);
	const body = [h("p", null, badge(word), " " + MEANS[word] + "."), clauseFacts(c)];
	const own = profileOf.get(col.profile);
	body.push(facts([
		["calls", c ? some(calls, "call") + " had this clause" + (calls ? ": " + count(calls - fail) + " agree, " +
			count(fail) + " differ" + (waived ? ", " + count(waived) + " of them waived" : "") : "") : undefined],
		["profile", own ? own.name + ": " + own.what + " (" + own.evidence + ")" : "none"],
		["change", x ? (x.bad ? "unexpected from " : "expected from ") + columns[k - 1].label + ": " + x.word +
			(x.bad ? "" : reasons(k - 1).length ? " (" + reasons(k - 1).map((p) => p.name + ": " + p.what).join("; ") + ")" : "") : undefined],
	]));
	body.push(mine.at.length ? [h("h4", null, some(mine.at.length, "record") + " of evidence"), listed(mine.at, "record")] : null,
		casesAbout(mine.about));
	if (!mine.at.length && !mine.about.length && word === "ok")
		body.push(h("p", { class: "small soft" }, "Calls that agree leave a count and no record. To see the cases: hookdiff clauses " +
			clauseName(c) + ", and grep -rl " + clauseName(c) + " corpus/"));
	if (!mine.at.length && word === "FAIL")
		body.push(h("p", { class: "small" }, "No record of these calls is in the inputs of this page."));
	if (word === "-") body.push(h("p", { class: "small soft" }, "The profile " + (col.profile || "") + " has another rule in its place."));
	if ((word === "err" || word === "skip") && col.why) body.push(h("p", { class: "note" }, col.why));
	return { title: clauseName(c) + " on " + col.label, body };
}
function clauseCard(c) {
	const all = [], about = [];
	columns.forEach((col, k) => {
		all.push(...cellRecords(c, k).at);
		about.push(...cellRecords(c, k).about);
	});
	return { title: clauseName(c), body: [clauseFacts(c),
		h("ul", { class: "chips" }, columns.map((col) => h("li", null, col.label + " ", badge(col.cells[c][0])))),
		changes[c].length ? facts(changes[c].map((x) => [x.bad ? "unexpected" : "expected", columns[x.at].label + " to " +
			columns[x.at + 1].label + ": " + x.word])) : null,
		deviationsOf(c), listed(all, "record"), casesAbout(about)] };
}
function kernelCard(k) {
	const c = columns[k], own = profileOf.get(c.profile);
	return { title: c.label, body: [h("p", null, badge(c.verdict), c.why && " " + c.why), facts([
		["kernel", c.spec], ["release", c.release], ["version", c.uname], ["package", c.package], ["machine", c.arch],
		["page size", c.page_size ? c.page_size + " bytes" : ""],
		["profile", own && own.name + ": " + own.what], ["evidence", own && own.evidence],
		["its own profile", c.own_profile !== c.profile && c.own_profile],
		["boot", c.boot ? seconds(c.boot) + (c.kvm ? ", with KVM" : ", without KVM") : ""], ["in all", seconds(c.seconds)],
		["peak memory", c.peak_rss ? Math.round(c.peak_rss / 1048576) + " MiB" : ""],
		["controls", c.controls && c.controls + " (calls that had to reach the hook, or not to)"],
		["was running", c.running && code(c.running)],
	]),
	(c.splats || []).map((s) => [h("h4", null, "The kernel's log"), h("pre", { tabindex: "0" }, s)]),
	c.console && [h("h4", null, "Its last lines"), h("pre", { tabindex: "0" }, c.console)]] };
}
