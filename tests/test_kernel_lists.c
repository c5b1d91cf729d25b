/* SPDX-License-Identifier: MIT */
/* harness/kernels without a network: versions, the machine's sources, lists of packages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/base/buf.h"
#include "harness/base/rng.h"
#include "harness/kernels/debver.h"
#include "harness/kernels/image.h"
#include "harness/kernels/listing.h"
#include "harness/kernels/run.h"
#include "harness/kernels/sources.h"
#include "scratch.h"

/* ---- versions ---- */

static void versions_in_debians_order(void **state)
{
	static const char *const ascending[] = {
		"5.10.223-1",
		"5.10.262-1",
		"6.1.9-1",
		"6.1.10-1",
		"6.12.95-1~bpo12+1",
		"6.12.95-1",
		"6.12.117-1~deb12u1",
		"6.12.117-1",
		"6.12.117-1+b1",
		"6.12.117-2",
		"7.3~rc7-1~exp1",
		"7.3~rc10-1~exp1",
		"7.3-1~exp1",
		"7.3-1",
		"7.3.4-1~bpo13+1",
		"7.10-1",
		"1:0.1-1",
	};
	const char *dpkg[] = {"dpkg", "--compare-versions", NULL, "lt", NULL, NULL};
	struct buf out = {0};
	bool have_dpkg = run_program((const char *const[]){"dpkg", "--version", NULL}, &out) == 0;

	for (size_t i = 0; i < COUNT(ascending); i++)
		for (size_t k = 0; k < COUNT(ascending); k++) {
			int r = debver_compare(ascending[i], ascending[k]);

			if ((r > 0) - (r < 0) != (i > k) - (i < k))
				fail_msg("%s and %s: %d", ascending[i], ascending[k], r);
			dpkg[2] = ascending[i];
			dpkg[4] = ascending[k];
			if (have_dpkg && k == i + 1)
				assert_int_equal(run_program(dpkg, &out), 0);
		}
	buf_fini(&out);
	assert_int_equal(debver_compare("1.0", "1.00"), 0);
	assert_true(debver_valid("6.12.117-1~deb12u1"));
	assert_false(debver_valid("6.12/../../x"));
	assert_false(debver_valid("x6"));
	assert_false(debver_valid(""));
}

/* Random versions, with dpkg as the judge. */
static void versions_as_dpkg_has_them(void **state)
{
	static const char letters[] = "0019~~.+-ab";
	const char *argv[] = {"dpkg", "--compare-versions", NULL, NULL, NULL, NULL};
	char v[2][16];
	struct buf out = {0};
	struct rng r;

	if (run_program((const char *const[]){"dpkg", "--version", NULL}, &out)) {
		print_message("no dpkg here to compare with\n");
		skip();
	}
	rng_seed(&r, 7, 7);
	for (unsigned i = 0; i < 150; i++) {
		for (unsigned k = 0; k < 2; k++) {
			unsigned n = 1 + rng_below(&r, 9);

			v[k][0] = '1';
			for (unsigned c = 1; c < n; c++)
				v[k][c] = letters[rng_below(&r, sizeof(letters) - 1)];
			v[k][n] = 0;
			if (v[k][n - 1] == '-') /* an empty revision is an error to dpkg */
				v[k][n - 1] = '0';
		}
		argv[2] = v[0];
		argv[4] = v[1];
		argv[3] = debver_compare(v[0], v[1]) < 0   ? "lt"
			  : debver_compare(v[0], v[1]) > 0 ? "gt"
							   : "eq";
		if (run_program(argv, &out))
			fail_msg("dpkg does not agree that %s %s %s", v[0], argv[3], v[1]);
	}
	buf_fini(&out);
}

static void names_of_versions(void **state)
{
	char series[32];

	version_series("6.12.117-1~deb12u1", series, sizeof(series));
	assert_string_equal(series, "6.12");
	version_series("7.3~rc7-1~exp1", series, sizeof(series));
	assert_string_equal(series, "7.3");

	assert_true(version_matches("6.12", "6.12.117-1~deb12u1"));
	assert_false(version_matches("6.1", "6.12.117-1~deb12u1"));
	assert_false(version_matches("6.12", "6.1.192-2"));
	assert_true(version_matches("6.12.117", "6.12.117-1~deb12u1"));
	assert_false(version_matches("6.12.11", "6.12.117-1~deb12u1"));
	assert_true(version_matches("6.12.117-1~deb12u1", "6.12.117-1~deb12u1"));
	assert_false(version_matches("6.12.117-1", "6.12.117-1~deb12u1"));
	assert_true(version_matches("7.3", "7.3~rc7-1~exp1"));
	assert_true(version_matches("7.3-rc7", "7.3~rc7-1~exp1"));
	assert_true(version_matches("7.3~rc7", "7.3~rc7-1~exp1"));
	assert_false(version_matches("7.3-rc8", "7.3~rc7-1~exp1"));

	assert_true(version_valid("6.12"));
	assert_true(version_valid("7.3-rc7"));
	assert_false(version_valid("6"));
	assert_false(version_valid("6."));
	assert_false(version_valid(""));
	assert_false(version_valid("bookworm"));
	assert_false(version_valid("6.12/../../../etc"));
	assert_false(version_valid("6.12 "));
}

static void names_of_images(void **state)
{
	char why[256];

	assert_true(image_spec_valid("debian:6.12", why, sizeof(why)));
	assert_true(image_spec_valid("debian:6.12.117-1~deb12u1", why, sizeof(why)));
	assert_true(image_spec_valid(top, why, sizeof(why)));
	assert_false(image_spec_valid("debian:", why, sizeof(why)));
	assert_false(image_spec_valid("debian:trixie", why, sizeof(why)));
	assert_non_null(strstr(why, "expected a series such as"));
	assert_false(image_spec_valid("deb:/nonexistent", why, sizeof(why)));
	assert_false(image_spec_valid("/nonexistent", why, sizeof(why)));
	assert_non_null(strstr(why, "expected debian:VERSION"));
	assert_false(image_spec_valid("", why, sizeof(why)));
}

/* ---- the machine's sources ---- */

static char *rewritten(const char *name, const char *text)
{
	struct sources s = {0};
	struct buf out = {0};

	sources_read(&s, name, text);
	sources_write(&s, &out);
	sources_fini(&s);
	return buf_str(&out) == out.p ? out.p : strdup("");
}

static void has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("expected '%s' in:\n%s", part, text);
}

static void has_not(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("expected no '%s' in:\n%s", part, text);
}

static void sources_of_one_line(void **state)
{
	char *s =
		rewritten("sources.list", "# deb http://commented.example/debian bookworm main\n"
					  "deb-src http://source.example/debian bookworm main\n"
					  "deb https://download.docker.example/linux/debian bookworm stable\n"
					  "deb [ arch=amd64,i386 signed-by=/k/a.gpg check-valid-until=no "
					  "lang=none ] http://m.example/debian "
					  "bookworm main contrib\n"
					  "deb http://m.example/sec bookworm-security main # comment\n");

	has(s, "URIs: http://m.example/debian\n");
	has(s, "Suites: bullseye ");
	has(s, " sid experimental\n");
	has(s, "signed-by: /k/a.gpg\n");
	has(s, "check-valid-until: no\n");
	has(s, "URIs: http://m.example/sec\n");
	has(s, "bookworm-security");
	has(s, "Architectures: amd64\n");
	has_not(s, "i386");
	has_not(s, "docker");
	has_not(s, "source.example");
	has_not(s, "commented");
	free(s);
}

static void sources_of_deb822(void **state)
{
	char *s = rewritten(
		"x.sources",
		"Types: deb\nURIs: http://off.debian.org/debian\nSuites: trixie\nComponents: main\nEnabled: "
		"no\n"
		"\n"
		"# a comment\nTypes: deb deb-src\nURIs: http://m.example/debian/\n"
		"Suites: trixie\n trixie-updates\nComponents: main\nX-Note: mine\nSigned-By:\n"
		" -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mQINBF\n -----END PGP PUBLIC KEY BLOCK-----\n"
		"Architectures: i386\n");

	has(s, "URIs: http://m.example/debian/\n");
	has(s, "Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mQINBF\n -----END");
	/* No security entry: the sibling, with the same key. */
	has(s, "URIs: http://m.example/debian-security\n");
	has_not(s, "off.debian.org");
	has_not(s, "i386");
	has_not(s, "mine");
	free(s);
}

static void sources_of_another_distribution(void **state)
{
	char *s = rewritten(
		"x.list",
		"deb http://archive.ubuntu.com/ubuntu noble main\ndeb [broken http://x bookworm main\n"
		"deb\ndeb \ndeb http://x\ndeb http://x bookworm\n[");

	assert_string_equal(s, "");
	free(s);
}

/* Debian's own is taken before a third party that uses its suite names. */
static void sources_prefer_debian(void **state)
{
	char *s = rewritten("x.list", "deb http://third.example/apt bookworm main\n"
				      "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] "
				      "http://deb.debian.org/debian bookworm main\n"
				      "deb http://fourth.example/debian bookworm main\n");

	has(s, "URIs: http://deb.debian.org/debian\n");
	free(s);
}

/* ---- lists of packages ---- */

#define HASH "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void stanza(struct buf *b, const char *name, const char *version, const char *depends)
{
	buf_printf(b,
		   "Package: %s\nVersion: %s\nDepends: %s\nDescription: x\n Package: linux-image-9.9-amd64\n"
		   "Filename: pool/%s_%s.deb\nSize: 1000\nSHA256: " HASH "\n\n",
		   name, version, depends, name, version);
}

static void make_lists(struct listing *l)
{
	struct buf b = {0}, carry = {0};

	stanza(&b, "zlib1g", "1", "libc6");
	stanza(&b, "linux-image-amd64-signed-template", "6.1.1-1", "");
	stanza(&b, "linux-headers-6.1.0-56-cloud-amd64", "6.1.192-2", "");
	stanza(&b, "linux-image-6.1.0-56-cloud-amd64", "6.1.192-2", "kmod, linux-base (>= 4.3~)");
	stanza(&b, "linux-image-6.1.0-56-cloud-amd64-dbg", "6.1.192-2", "");
	stanza(&b, "linux-image-6.1.0-56-cloud-amd64-unsigned", "6.1.192-2", "kmod, linux-base (>= 4.3~)");
	stanza(&b, "linux-image-6.1.0-57-rt-amd64", "6.1.195-1", "kmod");
	stanza(&b, "linux-image-6.1.0-57-rt-amd64-dbg", "6.1.195-1", "");
	stanza(&b, "linux-image-6.1.0-57-amd64", "6.1.195-1", "kmod"); /* newer, but no cloud flavour */
	stanza(&b, "linux-image-6.12-cloud-amd64", "6.12.117-1~deb12u1",
	       "linux-image-6.12.117+deb12-cloud-amd64 (= 6.12.117-1~deb12u1)");
	stanza(&b, "linux-image-6.12.117+deb12-cloud-amd64", "6.12.117-1~deb12u1", "kmod");
	stanza(&b, "linux-image-6.12.95+deb13-cloud-amd64", "6.12.95-1", "kmod");
	/* Whole, in three packages and with an alternative. */
	stanza(&b, "linux-image-7.2.11+deb13-cloud-amd64", "7.2.11-1",
	       "dracut | initramfs-tools, linux-binary-7.2.11+deb13-cloud-amd64 (= 7.2.11-1) | "
	       "linux-binary-unsigned-7.2.11+deb13-cloud-amd64 (= 7.2.11-1), "
	       "linux-modules-7.2.11+deb13-cloud-amd64 (= 7.2.11-1)");
	stanza(&b, "linux-binary-unsigned-7.2.11+deb13-cloud-amd64", "7.2.11-1",
	       "linux-base-7.2.11+deb13-cloud-amd64 (= 7.2.11-1)");
	stanza(&b, "linux-modules-7.2.11+deb13-cloud-amd64", "7.2.11-1",
	       "kmod, linux-base-7.2.11+deb13-cloud-amd64 (= 7.2.11-1)");
	stanza(&b, "linux-base-7.2.11+deb13-cloud-amd64", "7.2.11-1", "");
	/* Newer, but its modules are gone. */
	stanza(&b, "linux-image-7.2.12+deb13-cloud-amd64", "7.2.12-1",
	       "linux-binary-7.2.12+deb13-cloud-amd64 (= 7.2.12-1), linux-modules-7.2.12+deb13-cloud-amd64 "
	       "(= 7.2.12-1)");
	stanza(&b, "linux-binary-7.2.12+deb13-cloud-amd64", "7.2.12-1", "");
	stanza(&b, "linux-modules-7.2.12+deb13-cloud-amd64", "7.2.11-9", ""); /* of another version */
	/* No image package, as in the hours before it is signed. */
	stanza(&b, "linux-binary-unsigned-7.3.4+deb13-cloud-amd64", "7.3.4-1",
	       "linux-base-7.3.4+deb13-cloud-amd64 (= 7.3.4-1)");
	stanza(&b, "linux-modules-7.3.4+deb13-cloud-amd64", "7.3.4-1", "");
	stanza(&b, "linux-base-7.3.4+deb13-cloud-amd64", "7.3.4-1", "");
	buf_puts(&b,
		 "Package: linux-image-8.0-amd64\nVersion: 8.0-1\nFilename: x\nSize: 1\n\n"); /* no hash:
												 never used */

	/* In pieces of 7 bytes: no boundary may matter. */
	for (size_t i = 0; i < b.n; i += 7)
		listing_add(l, &carry, b.p + i, b.n - i < 7 ? b.n - i : 7, "suite", "http://m/", false);
	listing_add(l, &carry, "", 0, "suite", "http://m/", true);
	buf_fini(&b);
	buf_fini(&carry);
	assert_false(l->failed);
}

static const struct kernel *choose(const struct kernel *k, size_t n, const char *wanted, const char *version)
{
	const struct kernel *c = listing_choose(k, n, wanted);

	if (!c && version)
		fail_msg("%s: want %s, got nothing", wanted, version);
	if (c && (!version || strcmp(c->version, version)))
		fail_msg("%s: want %s, got %s", wanted, version ? version : "nothing", c->version);
	return c;
}

static void kernels_of_lists(void **state)
{
	struct listing l = {0}, again = {0};
	struct buf text = {0}, text2 = {0};
	const struct kernel *c;
	struct kernel *k;
	size_t n;

	make_lists(&l);
	listing_print(&l, &text);
	assert_true(listing_parse(&again, buf_str(&text)));
	listing_print(&again, &text2);
	assert_string_equal(buf_str(&text), buf_str(&text2));

	/* Debug information makes no kernel, and is found by the release and the version. */
	assert_non_null(listing_debug(&again, "6.1.0-56-cloud-amd64", "6.1.192-2"));
	assert_string_equal(listing_debug(&again, "6.1.0-56-cloud-amd64", "6.1.192-2")->name,
			    "linux-image-6.1.0-56-cloud-amd64-dbg");
	assert_null(listing_debug(&again, "6.1.0-56-cloud-amd64", "6.1.192-1"));
	assert_null(listing_debug(&again, "6.1.0-56-amd64", "6.1.192-2"));
	assert_null(listing_debug(&again, "6.1.0-57-rt-amd64", "6.1.195-1"));
	k = listing_kernels(&again, &n);
	assert_int_equal(n, 7);
	for (size_t i = 1; i < n; i++)
		assert_true(debver_compare(k[i - 1].version, k[i].version) >= 0);

	c = choose(k, n, "6.1", "6.1.192-2");
	assert_string_equal(c->flavour, "cloud-amd64");
	assert_int_equal(c->n, 1);
	assert_string_equal(c->package[0]->name, "linux-image-6.1.0-56-cloud-amd64");
	assert_string_equal(c->missing, "");
	c = choose(k, n, "6.1.195", "6.1.195-1");
	assert_string_equal(c->flavour, "amd64");
	c = choose(k, n, "6.12", "6.12.117-1~deb12u1");
	assert_string_equal(c->package[0]->name, "linux-image-6.12.117+deb12-cloud-amd64");
	choose(k, n, "6.12.95", "6.12.95-1");
	choose(k, n, "9.9", NULL);
	choose(k, n, "8.0", NULL);
	choose(k, n, "6", NULL);

	c = choose(k, n, "7.2", "7.2.11-1"); /* the newest that is whole */
	assert_int_equal(c->n, 4);
	assert_int_equal(c->size, 4000);
	c = choose(k, n, "7.2.12", "7.2.12-1");
	assert_string_equal(c->missing, "linux-modules-7.2.12+deb13-cloud-amd64");
	assert_int_equal(c->n, 2);
	((struct kernel *)c)->cached = true; /* what is here is as good as whole */
	choose(k, n, "7.2", "7.2.12-1");
	c = choose(k, n, "7.3", "7.3.4-1");
	assert_int_equal(c->n, 3);

	free(k);
	buf_fini(&text);
	buf_fini(&text2);
	listing_fini(&l);
	listing_fini(&again);
}

/* Whatever stands in our own short form, reading it ends and does not crash. */
static void damaged_index(void **state)
{
	struct listing l = {0};
	struct buf text = {0};
	struct rng r;

	make_lists(&l);
	listing_print(&l, &text);
	listing_fini(&l);
	assert_false(listing_parse(&l, ""));
	assert_false(listing_parse(&l, "hookdiff kernels 1\n"));
	rng_seed(&r, 1, 1);
	for (int i = 0; i < 500; i++) {
		char *copy = strdup(text.p);
		size_t n;

		copy[rng_below(&r, (uint32_t)text.n)] = (char)rng_below(&r, 256);
		copy[rng_below(&r, (uint32_t)text.n)] = 0;
		assert_false(listing_parse(&l, copy) && strlen(copy) < text.n);
		free(listing_kernels(&l, &n));
		listing_fini(&l);
		free(copy);
	}
	buf_fini(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions_in_debians_order),
		cmocka_unit_test(versions_as_dpkg_has_them),
		cmocka_unit_test(names_of_versions),
		cmocka_unit_test(names_of_images),
		cmocka_unit_test(sources_of_one_line),
		cmocka_unit_test(sources_of_deb822),
		cmocka_unit_test(sources_of_another_distribution),
		cmocka_unit_test(sources_prefer_debian),
		cmocka_unit_test(kernels_of_lists),
		cmocka_unit_test(damaged_index),
	};

	return cmocka_run_group_tests(tests, scratch_begin, scratch_finish);
}
