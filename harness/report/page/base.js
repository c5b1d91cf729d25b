/* SPDX-License-Identifier: MIT */
/*
 * Draws the page from the document in #data (harness/report/html.h describes it). Data reaches the page as text
 * nodes only: there is no innerHTML here, and no attribute but those that h() sets.
 *
 * The build puts the scripts of this folder one behind the other into one strict function, in the order of
 * cmake/page.cmake; what stands in one is known in those behind it.
 *
 * This one: elements, words, and which records belong together.
 */
const $ = (id) => document.getElementById(id);
const doc = JSON.parse($("data").textContent);
const columns = doc.columns, clauses = doc.clauses, records = doc.records, pool = doc.pool;
const PAGE = 25; /* rows of a list at a time */

/* Controls and characters that reorder or hide text are spelled out; the writer does so too. */
const hostile = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;
const safe = (s) =>
	String(s).replace(hostile, (c) => "\\u{" + c.charCodeAt(0).toString(16).padStart(4, "0") + "}");

/* h("a", {href, class, on: {click}}, child...): an element; strings become text, null and false nothing. */
function h(tag, attrs, ...children) {
	const e = document.createElement(tag);
	for (const [k, v] of Object.entries(attrs || {})) {
		if (k === "on")
			for (const [event, f] of Object.entries(v)) e.addEventListener(event, f);
		else if (v === true) e.setAttribute(k, "");
		else if (v !== undefined && v !== null && v !== false) e.setAttribute(k, safe(v));
	}
	add(e, children);
	return e;
}
function add(e, children) {
	for (const c of children)
		if (Array.isArray(c)) add(e, c);
		else if (c instanceof Node) e.append(c);
		else if (c !== null && c !== undefined && c !== false) e.append(safe(c));
}
const code = (s) => h("code", null, s);
/* An address to follow by hand; anything else, "javascript:" too, is text. */
const address = (s) => h("span", { class: "mono" }, /^https?:\/\/\S+$/i.test(s)
	? h("a", { href: s, rel: "noreferrer noopener" }, s) : s);
const count = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, ",");
const some = (n, one, many) => count(n) + " " + (n === 1 ? one : many || one + "s");
const seconds = (s) => (s === undefined ? "" : s < 100 ? s.toFixed(1) + " s" : Math.round(s) + " s");
const lookup = (i) => (i === undefined ? undefined : pool[i]);

/* A record without evidence of its own differs in the same way as record f, which has it. */
for (const r of records) {
	Object.assign(r, pool[r.s]);
	if (r.path !== undefined) r.path = pool[r.path];
	if (r.f !== undefined) Object.assign(r, { hook: records[r.f].hook, field: records[r.f].field });
}

/* --- words ------------------------------------------------------------------------------------------- */
const KIND = { ok: "ok", FAIL: "FAIL", xfail: "xfail", "-": "absent", skip: "skip", "?": "unsure", err: "err" };
const MEANS = {
	ok: "agrees", FAIL: "differs", xfail: "differs, and a waiver explains it", "-": "not a rule of this profile",
	skip: "skipped", "?": "holds here, but no call reached it or no control shows that the hook ran",
	err: "the kernel or the run came to a bad end before this could be known",
};
const badge = (word) => h("span", { class: "v v-" + (KIND[word] || word) }, word);
const clauseName = (c) => (c ? clauses[c].id : "(a case's =)");
const profileOf = new Map(doc.profiles.map((p) => [p.name, p]));
const shell = (s) => (/^[\w@%+=:,./-]+$/.test(s) ? s : "'" + s.replace(/'/g, "'\\''") + "'");

function hookOf(c) {
	const m = /^(?:URING\.)?(GET|SET)\b/.exec(clauses[c].id);
	return m ? m[1].toLowerCase() : "both";
}
const recordHook = (r) => (r.hook === "getsockopt" ? "get" : r.hook === "setsockopt" ? "set" : "");

/* --- what belongs together --------------------------------------------------------------------------- */
const RANK = { FAIL: 0, ERROR: 1, INCONCLUSIVE: 2, XFAIL: 3 };
const byCell = new Map(); /* clause and column -> { at: [records], about: [records] } */
const cellKey = (clause, column) => clause * columns.length + column;
function cellRecords(clause, column) {
	const k = cellKey(clause, column);
	if (!byCell.has(k)) byCell.set(k, { at: [], about: [] });
	return byCell.get(k);
}
const groups = []; /* findings: records with equal verdict, clause, hook and field */
const skips = new Map(); /* why -> column -> [record] */
(function collect() {
	const found = new Map();
	for (const r of records) {
		if (r.v === "SKIP") {
			const why = lookup(r.why) || "no reason is on record";
			if (!skips.has(why)) skips.set(why, new Map());
			const of = skips.get(why);
			if (!of.has(r.k)) of.set(r.k, []);
			of.get(r.k).push(r);
		} else if (r.v !== "PASS") {
			const key = [r.v, r.c, r.hook, r.field, r.field ? "" : r.why].join(" ");
			let g = found.get(key);
			if (!g) {
				g = { v: r.v, c: r.c, hook: r.hook, field: r.field, why: r.why, records: [], columns: new Map() };
				found.set(key, g);
				groups.push(g);
			}
			g.records.push(r);
			g.columns.set(r.k, (g.columns.get(r.k) || 0) + 1);
		}
		if (r.field || r.c) cellRecords(r.c, r.k).at.push(r);
		for (const c of r.about || []) if (c !== r.c) cellRecords(c, r.k).about.push(r);
	}
	groups.sort((a, b) => (RANK[a.v] ?? 9) - (RANK[b.v] ?? 9) ||
		(a.c || clauses.length) - (b.c || clauses.length));
	for (const g of groups) /* a smallest case says more than a file's name: those first */
		g.records.sort((a, b) => (a.case === undefined) - (b.case === undefined));
})();

/* changes[clause]: [{at: older column, word, bad}] */
const changes = clauses.map(() => []);
for (const e of doc.expected) changes[e.c].push({ at: e.at, word: e.change, bad: false });
for (const e of doc.unexpected) changes[e.c].push({ at: e.at, word: e.was + " → " + e.is, bad: true });
const changeInto = (c, column) => changes[c].find((x) => x.at === column - 1);

/* --- pieces ------------------------------------------------------------------------------------------ */
function facts(rows) {
	return h("dl", { class: "facts" },
		rows.filter((r) => r && r[1] !== undefined && r[1] !== null && r[1] !== "")
			.map(([k, ...v]) => [h("dt", null, k), h("dd", null, v)]));
}

function copyText(text, button) {
	const done = (ok) => {
		const was = button.textContent;
		button.textContent = ok ? "Copied" : "Select and copy by hand";
		setTimeout(() => { button.textContent = was; }, 1500);
	};
	const byHand = () => {
		const area = h("textarea", { class: "hidden-text", "aria-hidden": "true" });
		area.value = text;
		document.body.append(area);
		area.select();
		let ok = false;
		try { ok = document.execCommand("copy"); } catch (e) { /* said below */ }
		area.remove();
		button.focus();
		done(ok);
	};
	if (navigator.clipboard && window.isSecureContext)
		navigator.clipboard.writeText(text).then(() => done(true), byHand);
	else byHand();
}
function command(text, what) {
	const button = h("button", { type: "button" }, what || "Copy");
	button.addEventListener("click", () => copyText(text, button));
	return h("div", { class: "command" }, h("pre", { class: "wrap", tabindex: "0" }, text), button);
}

/* A list, PAGE rows at a time: ten thousand of them cost what one page does. */
function paged(items, draw, what, page = PAGE) {
	const box = h("div"), list = h("div"), pager = h("div", { class: "pager" });
	let at = 0;
	const show = (n, moved) => {
		at = n;
		list.replaceChildren(...items.slice(at, at + page).map(draw));
		pager.replaceChildren();
		if (items.length > page) {
			const step = (label, to, able) => {
				const b = h("button", { type: "button", disabled: !able }, label);
				b.addEventListener("click", () => show(to, label));
				return b;
			};
			add(pager, [
				step("Previous", at - page, at > 0),
				h("span", { role: moved ? "status" : undefined }, what + " " + count(at + 1) + " to " +
					count(Math.min(at + page, items.length)) + " of " + count(items.length)),
				step("Next", at + page, at + page < items.length),
				items.length > 4 * page && step("Last", Math.floor((items.length - 1) / page) * page,
					at + page < items.length),
			]);
		}
		if (moved) {
			const again = [...pager.querySelectorAll("button")].find((b) => b.textContent === moved && !b.disabled);
			(again || pager.querySelector("button:not([disabled])"))?.focus();
		}
	};
	show(0);
	box.append(list, pager);
	return box;
}

/* <details> whose inside is made when it is opened first */
function fold(head, inside, { open = false, plain = false } = {}) {
	const d = h("details", { class: plain && "plain" }, h("summary", null, head));
	const fill = () => {
		if (d.open && d.children.length === 1) d.append(h("div", { class: "inside" }, inside()));
	};
	d.addEventListener("toggle", fill);
	if (open) {
		d.open = true;
		fill();
	}
	return d;
}
