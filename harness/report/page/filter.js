/* SPDX-License-Identifier: MIT */
/* The filter, the address that keeps it, and the start of it all. */
const state = { q: "", hook: "", failing: false, changed: false, all: false, rules: false, cell: "" };
const hay = new Map();
function matches(r) {
	let s = hay.get(r);
	if (s === undefined) {
		s = [clauseName(r.c), clauses[r.c].rule, r.hook, r.field, columns[r.k].label, where(r), lookup(r.case), lookup(r.why)]
			.filter(Boolean).join("\n").toLowerCase();
		hay.set(r, s);
	}
	return s.includes(state.q.toLowerCase());
}
function groupShown(g) {
	if (state.hook === "both" ? hookOf(g.c) !== "both" : state.hook && recordHook(g) !== state.hook) return false;
	if (state.changed && !changes[g.c].length) return false;
	if (state.failing && g.v !== "FAIL" && g.v !== "ERROR") return false;
	return !state.q || g.records.some(matches);
}
/* Rules that hold for none of these kernels: shown if they are asked for. */
const idle = clauses.map((x, c) => columns.every((k) => k.cells[c][0] === "-") && !changes[c].length);
function clauseShown(c) {
	const own = hookOf(c);
	if (state.hook && own !== state.hook &&
		!(own === "both" && groups.some((g) => g.c === c && g.v !== "SKIP" && recordHook(g) === state.hook)))
		return false;
	if (state.failing && !columns.some((k) => /^(FAIL|err)$/.test(k.cells[c][0]))) return false;
	if (state.changed && !changes[c].length) return false;
	if (!state.q) return state.all || !idle[c];
	const q = state.q.toLowerCase();
	return (clauseName(c) + "\n" + clauses[c].rule + "\n" + clauses[c].source).toLowerCase().includes(q) ||
		groups.some((g) => g.c === c && g.records.some(matches));
}
function apply() {
	let n = 0;
	for (const x of rows) {
		if (x.clause < 0) continue;
		x.tr.hidden = !clauseShown(x.clause);
		n += !x.tr.hidden;
	}
	for (const body of document.querySelectorAll("#grid tbody"))
		body.hidden = ![...body.querySelectorAll("tr[data-r]")].some((tr) => !tr.hidden);
	$("grid").classList.toggle("with-rules", state.rules);
	$("count").textContent = count(n) + " of " + some(rows.length - 1, "clause");
	if (active && active.parentNode.hidden) {
		const first = rows.find((x) => x.clause >= 0 && shown(x));
		setActive((first || rows[0]).cells[first ? 1 : 0], false);
	}
	findings();
}

/* The filter lives behind the # of the address, so that a link keeps it. */
function saveState() {
	const p = new URLSearchParams();
	for (const [k, v] of Object.entries(state)) if (v) p.set(k, v === true ? "1" : v);
	const hash = p.toString();
	try {
		history.replaceState(null, "", hash ? "#" + hash : location.pathname + location.search);
	} catch (e) {
		location.hash = hash;
	}
}
function loadState() {
	const p = new URLSearchParams(location.hash.includes("=") ? location.hash.slice(1) : "");
	for (const k of Object.keys(state)) state[k] = typeof state[k] === "boolean" ? p.get(k) === "1" : p.get(k) || "";
	if (!["", "get", "set", "both"].includes(state.hook)) state.hook = "";
	$("q").value = state.q;
	$("hook").value = state.hook;
	for (const k of ["failing", "changed", "all", "rules"]) $(k).checked = state[k];
	return state.cell;
}
function goTo(cell) {
	if (!cell) return;
	const at = cell.lastIndexOf("@"), name = at < 0 ? cell : cell.slice(0, at), label = at < 0 ? null : cell.slice(at + 1);
	const x = name ? rows.find((r) => r.clause >= 0 && clauseName(r.clause) === name) : rows[0];
	const k = label === null ? -1 : columns.findIndex((c) => c.label === label);
	if (!x || (label !== null && k < 0)) return;
	setActive(x.cells[k + 1], false);
	openCell(x.cells[k + 1], false);
}
let timer = 0;
const changedFilter = () => {
	clearTimeout(timer);
	apply();
	saveState();
};

function wire() {
	$("filter").addEventListener("submit", (e) => e.preventDefault());
	$("q").addEventListener("input", () => {
		state.q = $("q").value.trim();
		clearTimeout(timer);
		timer = setTimeout(changedFilter, 60);
	});
	$("hook").addEventListener("change", () => {
		state.hook = $("hook").value;
		changedFilter();
	});
	for (const k of ["failing", "changed", "all", "rules"])
		$(k).addEventListener("change", () => {
			state[k] = $(k).checked;
			changedFilter();
		});
	$("clear").addEventListener("click", () => {
		Object.assign(state, { q: "", hook: "", failing: false, changed: false, all: false });
		saveState();
		loadState();
		apply();
		$("q").focus();
	});
	document.addEventListener("keydown", (e) => {
		const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName);
		if (e.key === "/" && !typing && !e.ctrlKey && !e.altKey && !e.metaKey) {
			e.preventDefault();
			$("q").focus();
			$("q").select();
		} else if (e.key === "Escape" && document.activeElement === $("q")) {
			if ($("q").value) {
				$("q").value = state.q = "";
				changedFilter();
			} else active.focus();
			e.preventDefault();
		} else if (e.key === "Escape" && opened) {
			closePanel(true);
		}
	});
	window.addEventListener("hashchange", () => {
		if (!location.hash.includes("=") && location.hash.length > 1) return; /* a chapter */
		const cell = loadState();
		apply();
		goTo(cell);
	});
	for (const h2 of document.querySelectorAll("main > section > h2")) {
		if (h2.parentNode.hidden) continue;
		const a = h("a", { href: "#" + h2.id }, h2.textContent);
		a.addEventListener("click", (e) => { /* without taking the filter out of the address */
			e.preventDefault();
			h2.scrollIntoView();
			h2.focus({ preventScroll: true });
		});
		$("chapters").append(h("li", null, a));
	}
}

overview();
summary();
makeGrid();
legend();
expected();
documents();
skipped();
howTo();
add($("foot"), ["Made by hookdiff" + (doc.version ? " " + doc.version : "") + ". This page loads nothing; its data is in the element #data, as JSON."]);
wire();
const cell = loadState();
apply();
goTo(cell);
document.documentElement.setAttribute("data-ready", "1");
