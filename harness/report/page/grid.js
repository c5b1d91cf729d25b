/* SPDX-License-Identifier: MIT */
/* The table of clauses and kernels, and the keys in it. */
const rows = []; /* {tr, clause, cells: [elements]}; rows[0] is the head */
let active = null; /* the element that Tab reaches */

function cellLabel(clause, column, word) {
	const x = changeInto(clause, column);
	return clauseName(clause) + ", " + columns[column].label + ": " + word + ", " + MEANS[word] +
		(x ? x.bad ? "; unexpected change" : "; an expected change" : "");
}
function makeCell(clause, column) {
	const [word, , fail, waived, cases] = columns[column].cells[clause], x = changeInto(clause, column);
	const n = word === "FAIL" ? (fail > waived ? fail - waived : cases) : word === "xfail" ? waived : 0;
	return h("td", { class: "cell", tabindex: "-1", "aria-label": cellLabel(clause, column, word) },
		h("span", { class: x && x.bad ? "mark bad" : "mark", title: x && (x.bad ? "unexpected: " : "expected: ") + x.word },
			x ? (x.bad ? "!" : ">") : ""),
		badge(word), n > 0 && h("span", { class: "n" }, count(n)));
}
function changeCell(clause) {
	const list = changes[clause], td = h("td", { class: "change", tabindex: "-1" });
	list.forEach((x, i) => add(td, [i ? "; " : "", x.bad ? h("b", null, "! " + x.word + " at " + columns[x.at + 1].label)
		: "> " + x.word + " at " + columns[x.at + 1].label]));
	return td;
}
const wide = columns.length > 1;
const changing = doc.expected.length + doc.unexpected.length > 0;

function makeGrid() {
	const head = h("tr", null, h("th", { scope: "col", tabindex: "-1" }, "clause"),
		columns.map((c, i) => h("th", { scope: "col", tabindex: "-1", "data-c": i, "aria-label": c.label + ", profile " +
			(c.profile || "none") + ", " + c.verdict }, c.label, h("span", { class: "soft" }, c.profile || "no profile"), badge(c.verdict))),
		changing && h("th", { scope: "col", tabindex: "-1" }, "expected change"));
	const table = h("table", { id: "grid", role: "grid", "aria-labelledby": "matrix-title", "aria-describedby": "keys" },
		h("thead", null, head));
	let body = null, group = "";
	rows.push({ tr: head, clause: -1, cells: [...head.children] });
	const order = clauses.map((c, i) => i).slice(1).concat(0);
	for (const c of order) {
		const name = clauses[c].id.split(".")[0] || "=";
		if (!c && columns.every((k) => k.cells[0][0] !== "FAIL")) continue;
		if (name !== group) {
			group = name;
			body = h("tbody", null, h("tr", { class: "group", "aria-hidden": "true" }, h("th", { scope: "rowgroup" }, name),
				h("td", { colspan: String(columns.length + (changing ? 1 : 0)) })));
			table.append(body);
		}
		const tr = h("tr", { "data-r": rows.length },
			h("th", { scope: "row", tabindex: "-1" }, clauseName(c), h("span", { class: "rule" }, clauses[c].rule)),
			columns.map((k, i) => makeCell(c, i)), changing && changeCell(c));
		body.append(tr);
		rows.push({ tr, clause: c, cells: [...tr.children] });
	}
	$("grid-box").append(table);
	setActive((rows[1] || rows[0]).cells[columns.length ? 1 : 0], false);
	table.addEventListener("keydown", onGridKey);
	table.addEventListener("click", (e) => {
		const cell = e.target.closest("th, td");
		if (!cell || !find(cell)) return;
		setActive(cell, true);
		openCell(cell, false);
	});
	table.addEventListener("focusin", (e) => {
		if (find(e.target)) setActive(e.target, false);
	});
}
function find(cell) {
	const r = rows.findIndex((x) => x.tr === cell.parentNode);
	return r < 0 ? null : { r, c: rows[r].cells.indexOf(cell) };
}
function setActive(cell, focus) {
	if (active && active !== cell) active.setAttribute("tabindex", "-1");
	active = cell;
	cell.setAttribute("tabindex", "0");
	if (focus) cell.focus();
}
const shown = (x) => x.clause < 0 || !x.tr.hidden;

function onGridKey(e) {
	const at = find(document.activeElement);
	if (!at || e.altKey || e.metaKey) return;
	const step = (d) => {
		let r = at.r;
		for (let n = Math.abs(d); n > 0; n--) {
			let next = r + Math.sign(d);
			while (rows[next] && !shown(rows[next])) next += Math.sign(d);
			if (!rows[next]) break;
			r = next;
		}
		return r;
	};
	const first = rows.findIndex((x) => x.clause >= 0 && shown(x));
	let last = rows.length - 1;
	while (last > 0 && !shown(rows[last])) last--;
	let { r, c } = at;
	switch (e.key) {
	case "ArrowUp": r = step(-1); break;
	case "ArrowDown": r = step(1); break;
	case "PageUp": r = step(-10); break;
	case "PageDown": r = step(10); break;
	case "ArrowLeft": c--; break;
	case "ArrowRight": c++; break;
	case "Home": c = 0; if (e.ctrlKey && first > 0) r = first; break;
	case "End": c = rows[r].cells.length - 1; if (e.ctrlKey) r = last; break;
	case "Enter": case " ":
		e.preventDefault();
		openCell(document.activeElement, true);
		return;
	default: return;
	}
	e.preventDefault();
	const cell = rows[r].cells[Math.max(0, Math.min(c, rows[r].cells.length - 1))];
	setActive(cell, true);
	cell.scrollIntoView({ block: "nearest", inline: "nearest" });
}

function legend() {
	add($("legend"), [
		h("ul", null, Object.keys(MEANS).map((w) => h("li", null, badge(w), " " + MEANS[w])),
			wide && h("li", null, h("b", { class: "mono" }, ">"), " the profiles of the two kernels promise a change here"),
			wide && h("li", null, h("b", { class: "mono" }, "!"), " the outcome changes and no profile promises it")),
		h("p", { id: "keys" }, "Click a cell for its evidence. Keys: ", h("kbd", null, "←↑↓→"), " move, ", h("kbd", null, "Enter"),
			" opens the evidence, ", h("kbd", null, "Esc"), " closes it, ", h("kbd", null, "/"), " goes to the filter.")]);
}
