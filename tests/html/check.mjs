// SPDX-License-Identifier: MIT
// Drives pages of `hookdiff report --format html` in a headless Chromium, as people do: by mouse, by keyboard, on a
// phone, in the dark. node check.mjs CHROMIUM FOLDER, with ten.html, big.html and hostile.html in FOLDER, and
// any others (only opened). Times are printed, not judged: machines differ.
import assert from "node:assert/strict";
import { readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const [program, folder] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath: program, args: process.getuid() === 0 ? ["--no-sandbox"] : [] });
let failed = 0;

async function test(name, f) {
	try {
		const said = await f();
		console.log("ok    " + name + (said ? ": " + said : ""));
	} catch (e) {
		failed++;
		console.log("FAIL  " + name + ": " + e.message.split("\n").slice(0, 12).join("\n      "));
	}
}

// A page that complains about everything which a report must never do.
async function open(file, { hash = "", width = 1280, height = 900, ...options } = {}) {
	const context = await browser.newContext({ viewport: { width, height }, ...options });
	const page = await context.newPage(), bad = [];
	const url = pathToFileURL(resolve(folder, file)).href;
	page.setDefaultTimeout(20000);
	page.on("console", (m) => bad.push("console: " + m.text()));
	page.on("pageerror", (e) => bad.push("error: " + e.message));
	page.on("dialog", (d) => {
		bad.push("dialog: " + d.message());
		d.dismiss();
	});
	page.on("request", (r) => r.url().split("#")[0] !== url && bad.push("request: " + r.url()));
	page.on("popup", () => bad.push("a window was opened"));
	await page.goto(url + (hash ? "#" + hash : ""));
	if (options.javaScriptEnabled !== false) await page.waitForSelector("html[data-ready]");
	page.done = async () => {
		assert.deepEqual(bad, []);
		await context.close();
	};
	return page;
}
// The page's policy forbids eval, which page.waitForFunction() needs.
async function until(page, f) {
	for (let i = 0; i < 400; i++) {
		if (await page.evaluate(f)) return;
		await new Promise((done) => setTimeout(done, 25));
	}
	throw new Error("did not come: " + f);
}
const rows = (page) => page.$$eval("#grid tbody tr[data-r]:not([hidden]) > th", (l) => l.map((e) => e.firstChild.data));
const focused = (page) => page.evaluate(() => document.activeElement.getAttribute("aria-label") || document.activeElement.textContent);
const hash = (page) => page.evaluate(() => location.hash);
const cell = (page, clause, kernel) => page.locator(`td.cell[aria-label^="${clause}, ${kernel}:"]`);

// Milliseconds until the page had drawn itself and the browser had painted it, the best of three.
async function openTime(file) {
	let best = Infinity;
	for (let i = 0; i < 3; i++) {
		const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
		const page = await context.newPage();
		await page.goto(pathToFileURL(resolve(folder, file)).href);
		await page.waitForSelector("html[data-ready]");
		best = Math.min(best, await page.evaluate(() => new Promise((done) =>
			requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now()))))));
		await context.close();
	}
	return Math.round(best) + " ms to the first picture, " + statSync(join(folder, file)).size.toLocaleString("en") + " bytes";
}

for (const file of readdirSync(folder).filter((f) => f.endsWith(".html")))
	await test(file + " opens, asks the network for nothing and says nothing on the console", async () => {
		const page = await open(file);
		assert.ok(await page.locator("h1 .v").textContent());
		assert.ok((await rows(page)).length > 10);
		for (const summary of await page.locator("#findings-body summary").all()) await summary.evaluate((e) => { e.parentNode.open = true; });
		await page.done();
		return /^(ten|big)/.test(file) ? openTime(file) : "";
	});

await test("the head says the verdict; all chapters are there", async () => {
	const page = await open("ten.html");
	assert.equal(await page.locator("h1 .v").textContent(), "FAIL");
	assert.match(await page.title(), /^hookdiff matrix: FAIL, 10 kernels$/);
	assert.equal(await page.locator("#chapters li").count(), 7);
	assert.equal(await page.locator("#summary-body tbody tr").first().locator("th").textContent(), "5.4.100");
	await page.done();
});

await test("filter by hook, failing, changed and text; a link keeps it", async () => {
	const page = await open("ten.html");
	const all = await rows(page);
	await page.selectOption("#hook", "get");
	let some = await rows(page);
	assert.ok(some.length > 10 && some.length < all.length && some.includes("GET.ARGS") && !some.includes("SET.ARGS"));
	await page.selectOption("#hook", "set");
	some = await rows(page);
	assert.ok(some.includes("SET.ARGS") && !some.includes("GET.ARGS"));
	await page.selectOption("#hook", "");
	await page.check("#failing");
	some = await rows(page);
	assert.ok(some.length > 0 && some.length < all.length);
	for (const name of some)
		assert.ok(await page.locator(`td.cell[aria-label^="${name}, "] .v-FAIL`).count() > 0, name);
	await page.uncheck("#failing");
	await page.check("#changed");
	some = await rows(page);
	assert.ok(some.includes("HOOK.BADFD.FIRST") && !some.includes("CHAIN.ORDER"), some.join());
	await page.fill("#q", "descriptor that is not open");
	await until(page, () => location.hash.includes("q="));
	some = await rows(page);
	assert.deepEqual(some, ["HOOK.BADFD.FIRST", "HOOK.BADFD.LENGTH"].filter((n) => some.includes(n)));
	assert.match(await page.locator("#count").textContent(), new RegExp("^" + some.length + " of "));
	const link = await hash(page);
	await page.done();
	const again = await open("ten.html", { hash: link.slice(1) });
	assert.deepEqual(await rows(again), some);
	assert.equal(await again.inputValue("#q"), "descriptor that is not open");
	assert.ok(await again.isChecked("#changed"));
	await again.click("#clear");
	assert.deepEqual(await rows(again), all);
	assert.equal(await hash(again), "");
	await again.done();
});

await test("the text filter finds cases; findings are filtered with the table", async () => {
	const page = await open("ten.html");
	const before = await page.locator("#findings-body details").count();
	await page.fill("#q", "case 3/7 ");
	await until(page, () => location.hash.includes("q="));
	assert.equal((await rows(page)).length, 1);
	assert.equal(await page.locator("#findings-body details").count(), 1);
	assert.ok(before > 1);
	await page.fill("#q", "no such text anywhere");
	await until(page, () => location.hash.includes("anywhere"));
	assert.equal((await rows(page)).length, 0);
	await page.done();
});

await test("keyboard: / filters, arrows move, Enter opens the evidence, Escape closes it", async () => {
	const page = await open("ten.html");
	await page.keyboard.press("/");
	assert.equal(await page.evaluate(() => document.activeElement.id), "q");
	await page.keyboard.type("HOOK.C");
	await until(page, () => location.hash.includes("HOOK.C"));
	assert.deepEqual(await rows(page), ["HOOK.CALLED", "HOOK.CGROUP"]);
	await page.keyboard.press("Escape"); // empties the field
	await page.keyboard.press("Escape"); // leaves it
	assert.match(await focused(page), /^HOOK\.CALLED, 5\.4\.100: ok/);
	await page.keyboard.press("ArrowRight");
	assert.match(await focused(page), /^HOOK\.CALLED, 5\.10\.200: FAIL.*unexpected change/);
	await page.keyboard.press("ArrowDown");
	assert.match(await focused(page), /^HOOK\.CGROUP, 5\.10\.200/);
	await page.keyboard.press("ArrowUp");
	assert.equal(await page.locator("#grid [tabindex='0']").count(), 1);
	await page.keyboard.press("Enter");
	assert.equal(await focused(page), "HOOK.CALLED on 5.10.200");
	assert.equal(await page.locator("#grid [aria-selected=true]").count(), 1);
	const text = await page.locator("#panel").innerText();
	for (const want of ["Every effective program is called", "Smallest case", "setsockopt(s, SOL_IP, IP_TOS, i32 32, optlen 4)",
		"-1 EPERM", "-1 EFAULT", "differs", "a/b program 1", "Re-runs on fresh sockets: 10 of 10 failed", "v5.18",
		"hookdiff matrix --kernels debian:5.10.200 --profile v6.7 --cases finding.case", "122 calls had this clause: 100 agree, 22 differ"])
		assert.ok(text.includes(want), want);
	assert.ok((await hash(page)).includes("HOOK.CALLED%405.10.200"));
	await page.keyboard.press("Escape");
	assert.ok(await page.locator("#panel").isHidden());
	assert.match(await focused(page), /^HOOK\.CALLED, 5\.10\.200/);
	await page.keyboard.press("Control+End");
	assert.notEqual(await focused(page), "HOOK.CALLED on 5.10.200");
	await page.keyboard.press("Control+Home");
	assert.match(await focused(page), /^HOOK\.CALLED/);
	await page.done();
});

await test("Tab alone reaches the filter, the table, the panel and a finding", async () => {
	const page = await open("ten.html", { hash: "cell=HOOK.CALLED%405.10.200" }), seen = new Set();
	const places = ["NAV", "filter", "grid", "panel", "findings"];
	// Chromium 150 begins at the opened cell, 156 at the top: then the filter comes last.
	for (let i = 0; i < 200 && !places.every((p) => seen.has(p)); i++) {
		await page.keyboard.press("Tab");
		seen.add(await page.evaluate(() => document.activeElement.closest("nav, form, table#grid, #panel, #findings")?.id ||
			document.activeElement.closest("nav")?.tagName));
	}
	for (const place of places) assert.ok(seen.has(place), place);
	await page.done();
});

await test("a click shows a cell's evidence: want, got, the first differing byte, what each program saw", async () => {
	const page = await open("ten.html");
	await cell(page, "HOOK.CALLED", "6.1.100").click();
	const record = page.locator("#panel details", { hasText: "getsockopt optval" }).first();
	await record.locator("summary").first().click();
	const hex = record.locator("table.hex").last();
	assert.equal(await hex.locator("b.first").count(), 2); // on both sides
	assert.equal(await hex.locator("b.first").last().textContent(), "ee");
	assert.ok((await record.innerText()).includes("first differing byte is at 0x0015"));
	const seen = page.locator("#panel details", { hasText: "getsockopt seen.retval" }).first();
	await seen.locator("summary").first().click();
	assert.ok((await seen.locator("td.differs").allTextContents()).some((t) => t.startsWith("-14")));
	await page.locator("#grid thead th", { hasText: "6.1.100" }).click();
	assert.ok((await page.locator("#panel").innerText()).includes("4096 bytes"));
	await page.locator("#grid tbody th", { hasText: "HOOK.CALLED" }).click();
	assert.ok((await page.locator("#panel").innerText()).includes("doc, introduction"));
	await page.done();
});

await test("a cell without a finding has evidence too", async () => {
	const page = await open("ten.html");
	await cell(page, "CHAIN.ORDER", "5.4.100").click();
	const text = await page.locator("#panel").innerText();
	assert.ok(text.includes("100 calls had this clause") && text.includes("corpus/agree-") && text.includes("v6.7"), text);
	await page.done();
});

await test("what is copied is what stands there", async () => {
	const page = await open("ten.html", { hash: "cell=HOOK.CALLED%405.10.200", permissions: ["clipboard-read", "clipboard-write"] });
	const box = page.locator("#panel .command").first();
	await box.locator("button").click();
	await until(page, () => /Copied/.test(document.querySelector("#panel .command button").textContent));
	assert.equal(await page.evaluate(() => navigator.clipboard.readText()), await box.locator("pre").textContent());
	await page.done();
});

await test("hostile text shows as text", async () => {
	const page = await open("hostile.html", { hash: "cell=HOOK.CALLED%405.10.200" });
	for (let pages = 0; pages < 4; pages++) {
		for (let n = 0; n < 200; n++) { // opens what is closed, also what opening brings
			const closed = page.locator("details:not([open]) > summary").first();
			if (!(await closed.count())) break;
			await closed.evaluate((e) => { e.parentNode.open = true; });
		}
		const next = page.locator("#findings-body > div > .pager button:not([disabled])", { hasText: "Next" });
		if (!(await next.count())) break;
		await next.first().click();
	}
	await page.locator("#grid thead th").nth(2).click();
	const text = await page.locator("body").innerText();
	for (const want of ["</script><img src=x onerror=alert(1)>", "]]><svg/onload=alert(3)>"])
		assert.ok(text.includes(want), want);
	const all = await page.evaluate(() => [...document.querySelectorAll("header, main, footer")].map((e) => e.textContent).join(""));
	assert.deepEqual(all.match(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/g), null);
	assert.equal(await page.evaluate(() => document.querySelectorAll("img, svg, iframe, object, embed, a[href^='javascript:']").length), 0);
	assert.equal(await page.evaluate(() => document.querySelectorAll("script").length), 2);
	await page.done();
});

await test("the policy of the page stops what should ever get in", async () => {
	const context = await browser.newContext(), page = await context.newPage();
	await page.goto(pathToFileURL(resolve(folder, "ten.html")).href);
	const ran = await page.evaluate(async () => {
		const s = document.createElement("script"), i = document.createElement("img");
		s.textContent = "window.ran = 1";
		i.src = "data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA=";
		document.body.append(s, i);
		document.body.insertAdjacentHTML("beforeend", "<p onclick='window.ran = 2'>x</p>");
		document.body.lastChild.click();
		const image = await new Promise((done) => {
			i.onload = () => done("loaded");
			i.onerror = () => done("blocked");
		});
		return [window.ran, image];
	});
	assert.deepEqual(ran, [undefined, "blocked"]);
	await context.close();
});

// Contrast of every text with what is behind it, and the basics that axe would ask for.
async function audit(page) {
	return page.evaluate(() => {
		const bad = [];
		const channel = (v) => ((v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
		const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
		const parse = (s) => s.match(/[\d.]+/g).map(Number);
		const behind = (e) => {
			for (; e; e = e.parentElement) {
				const c = parse(getComputedStyle(e).backgroundColor);
				if (c.length < 4 || c[3] > 0) return c;
			}
			return [255, 255, 255];
		};
		const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
		let texts = 0;
		for (let n = walker.nextNode(); n; n = walker.nextNode()) {
			const e = n.parentElement;
			if (!n.data.trim() || /^(SCRIPT|STYLE|NOSCRIPT|OPTION)$/.test(e.tagName) || !e.getClientRects().length) continue;
			const a = light(parse(getComputedStyle(e).color)), b = light(behind(e));
			const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
			texts++;
			if (ratio < 4.5) bad.push(ratio.toFixed(2) + ": " + e.tagName + "." + e.className + " " + n.data.trim().slice(0, 30));
		}
		const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
		if (new Set(ids).size !== ids.length) bad.push("an id stands twice");
		if (document.documentElement.lang !== "en") bad.push("no language");
		if (document.querySelectorAll("h1").length !== 1) bad.push("not one h1");
		if (!document.querySelector("main")) bad.push("no main");
		for (const e of document.querySelectorAll("input, select"))
			if (!e.labels.length || !e.labels[0].textContent.trim()) bad.push("no label: " + e.id);
		for (const e of document.querySelectorAll("button, summary, a"))
			if (!(e.getAttribute("aria-label") || e.textContent).trim()) bad.push("no name: " + e.outerHTML.slice(0, 60));
		for (const e of document.querySelectorAll("th")) if (!e.scope) bad.push("th without scope: " + e.textContent);
		for (const e of document.querySelectorAll("[role=group], [role=search], aside, nav"))
			if (!e.getAttribute("aria-label")) bad.push("no label: " + e.className + e.id);
		for (const e of document.querySelectorAll("[aria-labelledby], [aria-describedby]"))
			for (const id of [e.getAttribute("aria-labelledby"), e.getAttribute("aria-describedby")])
				if (id && !document.getElementById(id)) bad.push("points to nothing: " + id);
		let level = 0;
		for (const e of document.querySelectorAll("h1, h2, h3, h4")) {
			const l = Number(e.tagName[1]);
			if (l > level + 1 && !(level === 2 && l === 4)) bad.push("heading skips a level: " + e.textContent);
			level = l;
		}
		return { bad: [...new Set(bad)], texts };
	});
}
for (const colorScheme of ["light", "dark"])
	await test("contrast of 4.5 and more, labels, scopes, headings: " + colorScheme, async () => {
		const page = await open("ten.html", { hash: "cell=HOOK.CALLED%405.10.200", colorScheme });
		for (const summary of await page.locator("#panel summary, #summary summary, #skipped summary").all())
			await summary.evaluate((e) => { e.parentNode.open = true; });
		const background = await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
		assert.equal(/rgb\(255, 255, 255\)/.test(background), colorScheme === "light");
		const { bad, texts } = await audit(page);
		assert.deepEqual(bad, []);
		await page.done();
		return texts + " texts";
	});

await test("waivers of a run's records: link and owner, and no address that runs", async () => {
	const page = await open("waived.html", { hash: "cell=SET.OPTLEN.ZERO%406.1.90" });
	assert.match(await page.textContent("#panel"), /https:\/\/example\.org\/zero.*net-team/s);
	assert.match(await page.textContent("#skipped-body"), /javascript:alert/);
	assert.deepEqual(await page.$$eval("a:not([href^='#'])", (l) => [...new Set(l.map((a) => a.href))]), ["https://example.org/zero"]);
	await page.done();
});

await test("a phone of 390 px: nothing but tables scrolls sideways, the evidence stands below", async () => {
	const page = await open("ten.html", { width: 390, height: 844, isMobile: true, hasTouch: true });
	await cell(page, "HOOK.CALLED", "5.10.200").tap();
	for (const summary of await page.locator("#summary summary").all()) await summary.evaluate((e) => { e.parentNode.open = true; });
	const at = await page.evaluate(() => ({
		page: document.documentElement.scrollWidth, box: document.getElementById("grid-box").scrollWidth,
		grid: document.getElementById("grid-box").getBoundingClientRect(), panel: document.getElementById("panel").getBoundingClientRect(),
	}));
	assert.ok(at.page <= 390, "the page is " + at.page + " px wide");
	assert.ok(at.box > 390);
	assert.ok(at.panel.top >= at.grid.bottom && at.panel.width <= 390);
	assert.ok(at.panel.top >= -1 && at.panel.top < 844, "it was scrolled to: " + at.panel.top);
	await page.done();
});

await test("no script at all: a word about it", async () => {
	const page = await open("ten.html", { javaScriptEnabled: false });
	assert.ok((await page.locator("noscript").innerText()).includes("Scripts"));
	await page.done();
});

await test("on paper: everything of the table, no buttons", async () => {
	const page = await open("ten.html");
	await page.emulateMedia({ media: "print" });
	assert.ok(await page.locator("#filter").isHidden());
	assert.equal(await page.evaluate(() => getComputedStyle(document.getElementById("grid-box")).maxHeight), "none");
	await page.done();
});

await test("10,000 records of evidence stay usable", async () => {
	const page = await open("big.html");
	const records = await page.evaluate(() => {
		const doc = JSON.parse(document.getElementById("data").textContent);
		return doc.records.filter((r) => doc.pool[r.s].field && r.want !== undefined && r.case !== undefined).length;
	});
	assert.ok(records >= 10000, records + " records");
	const elements = await page.evaluate(() => document.querySelectorAll("*").length);
	assert.ok(elements < 15000, elements + " elements");
	const filtered = await page.evaluate(() => new Promise((done) => {
		const begin = performance.now(), q = document.getElementById("q");
		q.value = "case 3/777 ";
		q.dispatchEvent(new Event("input"));
		const look = () => location.hash.includes("777") ? done(Math.round(performance.now() - begin)) : setTimeout(look, 5);
		look();
	}));
	assert.equal((await rows(page)).length, 1);
	await page.click("#clear");
	await page.locator("#findings-body > div > .pager button", { hasText: "Next" }).click();
	assert.match(await page.locator("#findings-body > div > .pager span").textContent(), /^finding 26 to 50 of /);
	await cell(page, "HOOK.CALLED", "5.10.200").click();
	assert.ok((await page.locator("#panel .pager span").innerText()).startsWith("record 1 to 10 of "));
	await page.done();
	return records.toLocaleString("en") + " records, " + elements.toLocaleString("en") + " elements, filtered in " + filtered + " ms";
});

await browser.close();
console.log(failed ? failed + " failed" : "all passed");
process.exit(failed ? 1 : 0);
