/* SPDX-License-Identifier: MIT */
/*
 * Draws the page from the document in #data (harness/report/html.h describes it). Data reaches the page as text
 * nodes only: there is no innerHTML here, and no attribute but those that h() sets.
 */
"use strict";
(() => {
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

	/* --- evidence ---------------------------------------------------------------------------------------- */
	const levelName = (l) => doc.names.levels[l] || String(l);
	const optionName = (l, o) => doc.names.options[l + ":" + o] || String(o);
	const result = (n) => (n < 0 && doc.names.errnos[-n] ? "-1 " + doc.names.errnos[-n] : String(n));
	const any = (n, f) => (n === null || n === undefined ? "anything" : f ? f(n) : String(n));

	/* Two memories side by side, eight bytes a row. "..": any byte will do. mark: offset of the first difference. */
	function hexDiff(want, got, mark, label) {
		const wb = (want.optval || "").match(/../g) || [], gb = (got.optval || "").match(/../g) || [];
		const from = want.optval_from || got.optval_from || 0, n = Math.max(wb.length, gb.length), ROW = 8;
		if (!n) return null;
		const differs = (i) => wb[i] !== gb[i] && wb[i] !== "..";
		const rows = [], keep = new Set([0]);
		for (let i = 0; i < n; i++)
			if (differs(i)) for (const d of [-1, 0, 1]) keep.add(Math.floor(i / ROW) + d);
		const side = (bytes, row) => {
			const td = h("td");
			for (let i = row * ROW; i < Math.min((row + 1) * ROW, n); i++) {
				const first = mark !== undefined && i + from === mark;
				td.append(h(differs(i) ? "b" : "span", { class: differs(i) ? (first ? "x first" : "x") : undefined },
					bytes[i] === undefined ? "  " : bytes[i]), i % ROW === ROW - 1 ? "" : " ");
			}
			return td;
		};
		let gap = 0;
		const endGap = () => {
			if (gap) rows.push(h("tr", null, h("td", { class: "off", colspan: "3" }, "  … " + some(gap, "equal row"))));
			gap = 0;
		};
		const last = Math.ceil(n / ROW);
		for (let row = 0; row < last; row++) {
			if (!keep.has(row) && (row || last > 3)) {
				gap++;
				continue;
			}
			endGap();
			rows.push(h("tr", null, h("td", { class: "off" }, "0x" + (from + row * ROW).toString(16).padStart(4, "0")),
				side(wb, row), side(gb, row)));
		}
		endGap();
		const cut = want.cut || got.cut;
		return [
			h("h4", null, label),
			h("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": label }, h("table", { class: "hex" },
				h("thead", null, h("tr", null, h("th", { scope: "col" }, "offset"), h("th", { scope: "col" }, "want"),
					h("th", { scope: "col" }, "got"))),
				h("tbody", null, rows))),
			mark !== undefined && h("p", { class: "small" }, "The first differing byte is at 0x" +
				mark.toString(16).padStart(4, "0") + ". “..”: any byte will do."),
			cut && h("p", { class: "small soft" }, "Trimmed here for the size of the page; the run's JSON lines hold more."),
		];
	}

	function resultTable(r, want, got) {
		const row = (name, w, g, bad) =>
			h("tr", null, h("th", { scope: "row" }, name), h("td", null, w), h("td", { class: bad && "differs" }, g,
				bad && h("span", null, " ← differs")));
		const rows = [row("ret", any(want.ret, result), result(got.ret), r.field === "ret")];
		if ("optlen" in want || "optlen" in got)
			rows.push(row("optlen", any(want.optlen), any(got.optlen), r.field === "optlen"));
		rows.push(row("programs", String(want.programs.length), String(got.runs ?? got.programs.length),
			r.field === "runs"));
		return h("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "want and got" },
			h("table", { class: "diff" },
				h("thead", null, h("tr", null, h("td"), h("th", { scope: "col" }, "want"), h("th", { scope: "col" }, "got"))),
				h("tbody", null, rows)));
	}

	const SEEN = ["level", "optname", "optlen", "retval", "size"];
	function programTable(r, want, got) {
		const n = Math.max(want.programs.length, got.programs.length), body = [], panes = [];
		if (!n) return null;
		const cells = (p) => SEEN.map((f) => p === undefined ? "" : f === "level" ? any(p.level, levelName)
			: f === "optname" ? any(p.optname, (o) => optionName(p.level, o)) : any(p[f]));
		for (let i = 0; i < n; i++) {
			const w = want.programs[i], g = got.programs[i], here = r.program === i;
			const cw = cells(w), cg = cells(g);
			const other = w && g && w.program !== g.program;
			body.push(h("tr", null, h("th", { scope: "rowgroup", rowspan: "2" }, String(i + 1)), h("td", null, "want"),
				h("td", null, w ? w.program : "no program"), cw.map((t) => h("td", null, t))));
			body.push(h("tr", null, h("td", null, "got"),
				h("td", { class: (other || !w || !g) && "differs" }, g ? g.program : "no program",
					(other || !w || !g) && " ←"),
				cg.map((t, k) => {
					const bad = w && g && cw[k] !== "anything" && cw[k] !== t;
					return h("td", { class: bad && "differs" }, t, bad && " ←");
				})));
			if (w && g && (w.optval || g.optval)) {
				const mark = here && r.field === "seen.optval" ? r.offset : undefined;
				const inside = () => hexDiff(w, g, mark, "optval of program " + (i + 1));
				panes.push(fold("its optval: program " + (i + 1) + ", " + g.program, inside,
					{ plain: true, open: mark !== undefined }));
			}
		}
		return [
			h("h4", null, "Programs in the order of the chain, and what each saw"),
			h("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "what each program saw" },
				h("table", { class: "diff" },
					h("thead", null, h("tr", null, h("th", { scope: "col" }, "#"), h("td"), h("th", { scope: "col" }, "program"),
						SEEN.map((f) => h("th", { scope: "col" }, f)))),
					h("tbody", null, body))),
			panes,
		];
	}

	/* The case with the call at issue marked, if it can be told from the text which one that is. */
	function caseText(r) {
		const text = lookup(r.case), pre = h("pre", { tabindex: "0" });
		let call = -1;
		for (const line of text.replace(/\n$/, "").split("\n")) {
			if (/^\s*(get|set)sockopt\s*\(/.test(line)) call++;
			const at = call >= 0 && call === r.call && /^\s*(get|set)sockopt\s*\(/.test(line);
			pre.append(at ? h("span", { class: "at" }, line) : safe(line), "\n");
		}
		return pre;
	}
	const where = (r) => r.path !== undefined ? r.path : r.index !== undefined
		? "case " + count(r.index) + (r.cmd ? " of the " + r.cmd : "") : "";
	const title = (r) => [badge(r.v), " ", r.c || r.field ? h("b", null, clauseName(r.c)) : lookup(r.why) || "",
		r.hook ? ": " + r.hook : "", r.field ? " " + r.field : ""];

	/* brief: rule and source stand above already; placed: so does where it was found */
	function evidence(r, brief, placed) {
		const want = lookup(r.want), got = lookup(r.got), like = lookup(r.like), out = [];
		const col = columns[r.k], why = lookup(r.why), w = r.waiver === undefined ? null : doc.waivers[r.waiver];
		if (r.c && brief) out.push(facts([["note", !w && why]]));
		else if (r.c) out.push(facts([["rule", clauses[r.c].rule], ["source", clauses[r.c].source], ["note", !w && why]]));
		else out.push(facts([["rule", r.field && "what the case says after “=”"], ["note", why]]));
		if (r.cases > 1)
			out.push(h("p", { class: "small" }, count(r.cases) + " cases of this kernel differ in the same way; this is the first."));
		if (w) out.push(facts([["waived", w.reason], ["link", h("span", { class: "mono" }, w.link)], ["owner", w.owner]]));
		if (r.case !== undefined)
			out.push(h("h4", null, r.small === false ? "Case" : "Smallest case"), caseText(r));
		if (where(r) && !placed) out.push(h("p", { class: "small" }, r.case !== undefined ? "Found in " : "Case: ", code(where(r))));
		if (r.f !== undefined)
			out.push(h("p", { class: "small" }, "The difference is of the same kind as in this record, which has the evidence:"),
				row(records[r.f], false, brief));
		else if (want && got) {
			out.push(h("h4", null, "Call " + (r.call + 1) + ": what the clauses allow, and what " + col.label + " did"));
			if (r.state)
				out.push(h("p", { class: "small" }, "The difference shows in the socket's state, read back after the call."));
			out.push(resultTable(r, want, got), programTable(r, want, got),
				hexDiff(want, got, r.field === "optval" ? r.offset : undefined,
					"The caller's memory after the call: optval, and the bytes past it"));
		} else if (r.wv !== undefined && r.field) {
			out.push(h("p", null, r.field + ": want " + (r.field === "ret" ? result(r.wv) : r.wv) + ", got " +
				(r.field === "ret" ? result(r.gv) : r.gv)));
			if (r.trimmed)
				out.push(h("p", { class: "small soft" }, "Bytes and programs are left out for the size of the page; " +
					"the run's JSON lines hold them."));
		}
		if (r.reruns !== undefined)
			out.push(h("p", null, r.reruns ? "Re-runs on fresh sockets: " + r.failed + " of " + r.reruns + " failed."
				: "It was not run again."));
		if (like)
			out.push(like.length ? h("div", null, h("h4", null, "Behaves like"), h("ul", { class: "chips" },
				[...new Set(like.map((b) => b[1]))].map((c) => h("li", null, like.filter((b) => b[1] === c).map((b) => b[0]).join(", ") +
					(c ? " by " + clauseName(c) : "")))))
				: h("p", null, "Behaves like no other kernel's profile."));
		if (r.case !== undefined || r.repro) out.push(h("h4", null, "Reproduce"));
		if (r.repro) out.push(command(r.repro));
		if (r.case !== undefined)
			out.push(r.repro ? fold("without any file of the run: write the case, then run it",
				() => command(heredoc(lookup(r.case), col)), { plain: true }) : command(heredoc(lookup(r.case), col)));
		return out;
	}

	function heredoc(text, col) {
		let end = "EOF";
		while (text.split("\n").includes(end)) end += "F";
		const where = col.in_matrix && col.spec !== "host"
			? "hookdiff matrix --kernels " + shell(col.spec) + (col.profile ? " --profile " + shell(col.profile) : "") +
				" --cases finding.case"
			: "hookdiff run" + (col.profile ? " --profile " + shell(col.profile) : "") + " finding.case";
		return "cat >finding.case <<'" + end + "'\n" + text.replace(/\n?$/, "\n") + end + "\n" + where;
	}

	/* A record as a row that opens */
	const row = (r, open, brief) => fold([title(r), ", ", columns[r.k].label,
		where(r) && h("span", { class: "soft small mono" }, " " + where(r))], () => evidence(r, brief, true), { open });

	/* --- summary ----------------------------------------------------------------------------------------- */
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

	/* --- the grid ---------------------------------------------------------------------------------------- */
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

	function makeGrid() {
		const head = h("tr", null, h("th", { scope: "col", tabindex: "-1" }, "clause"),
			columns.map((c, i) => h("th", { scope: "col", tabindex: "-1", "data-c": i, "aria-label": c.label + ", profile " +
				(c.profile || "none") + ", " + c.verdict }, c.label, h("span", { class: "soft" }, c.profile || "no profile"), badge(c.verdict))),
			wide && h("th", { scope: "col", tabindex: "-1" }, "expected change"));
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
					h("td", { colspan: String(columns.length + (wide ? 1 : 0)) })));
				table.append(body);
			}
			const tr = h("tr", { "data-r": rows.length },
				h("th", { scope: "row", tabindex: "-1" }, clauseName(c), h("span", { class: "rule" }, clauses[c].rule)),
				columns.map((k, i) => makeCell(c, i)), wide && changeCell(c));
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

	/* --- the panel --------------------------------------------------------------------------------------- */
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

	/* --- chapters ---------------------------------------------------------------------------------------- */
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
				h("td", null, w.reason), h("td", { class: "mono" }, w.link), h("td", null, w.owner),
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

	/* --- filter ------------------------------------------------------------------------------------------ */
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
})();
