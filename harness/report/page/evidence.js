/* SPDX-License-Identifier: MIT */
/* One record: the case, want and got, what each program saw, how to repeat it. */
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
	if (w) out.push(facts([["waived", w.reason], ["link", address(w.link)], ["owner", w.owner]]));
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
