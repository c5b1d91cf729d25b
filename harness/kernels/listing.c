/* SPDX-License-Identifier: MIT */
#include "listing.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "debver.h"

static bool starts(const char *s, const char *with)
{
	return !strncmp(s, with, strlen(with));
}

static bool ends(const char *s, const char *with)
{
	size_t n = strlen(s), w = strlen(with);

	return n >= w && !strcmp(s + n - w, with);
}

/* ---- packages ---- */

static void free_package(struct package *p)
{
	char *all[] = {p->name, p->version, p->suite, p->base, p->file, p->sha256, p->depends};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		free(all[i]);
}

/* Takes the strings over. A package without what is needed to fetch and check it is dropped. */
static void add(struct listing *l, struct package p)
{
	if (!p.name || !p.version || !p.suite || !p.base || !p.file || !p.sha256 || !p.depends ||
	    strlen(p.sha256) != 64 || !debver_valid(p.version)) {
		free_package(&p);
		return;
	}
	if (l->n == l->cap) {
		size_t cap = l->cap ? 2 * l->cap : 64;
		struct package *more = realloc(l->p, cap * sizeof(*more));

		if (!more) {
			l->failed = true;
			free_package(&p);
			return;
		}
		l->p = more;
		l->cap = cap;
	}
	l->p[l->n++] = p;
}

/* linux-source-6.12 */
static bool source_package(const char *name, size_t n)
{
	static const char kind[] = "linux-source-";
	size_t k = sizeof(kind) - 1;

	return n > k && starts(name, kind) && strspn(name + k, "0123456789.") == n - k;
}

/*
 * linux-{image,binary,modules,base}-RELEASE-{,cloud-}amd64, with -unsigned somewhere; no -rt. Also
 * linux-image-RELEASE-{,cloud-}amd64-dbg and linux-source-SERIES.
 */
static bool wanted_package(const char *name, size_t n)
{
	static const char *const kinds[] = {"linux-image-", "linux-binary-", "linux-modules-", "linux-base-"};
	const char *rest = NULL;

	if (source_package(name, n))
		return true;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (n > strlen(kinds[i]) && starts(name, kinds[i]))
			rest = name + strlen(kinds[i]);
	if (!rest)
		return false;
	if (starts(rest, "unsigned-"))
		rest += 9;
	if (*rest < '0' || *rest > '9')
		return false;
	n -= (size_t)(rest - name);
	if (n > 9 && !strncmp(rest + n - 9, "-unsigned", 9))
		n -= 9;
	if (n > 4 && !strncmp(rest + n - 4, "-dbg", 4) && starts(name, kinds[0]))
		n -= 4;
	if (n < 7 || strncmp(rest + n - 6, "-amd64", 6))
		return false;
	return n < 9 || strncmp(rest + n - 9, "-rt-amd64", 9) != 0;
}

static char *take(const char *value, size_t n)
{
	while (n && (*value == ' ' || *value == '\t'))
		value++, n--;
	while (n && (value[n - 1] == ' ' || value[n - 1] == '\r'))
		n--;
	return memchr(value, '\t', n) ? NULL : strndup(value, n); /* our own form separates by tabs */
}

static void add_stanza(struct listing *l, const char *s, const char *end, const char *suite, const char *base)
{
	struct package p = {0};
	char *size = NULL;
	struct {
		const char *name;
		char **to;
	} fields[] = {{"Package:", &p.name},  {"Version:", &p.version}, {"Filename:", &p.file},
		      {"SHA256:", &p.sha256}, {"Depends:", &p.depends}, {"Size:", &size}};

	for (const char *line = s; line < end;) {
		const char *eol = memchr(line, '\n', (size_t)(end - line));
		size_t n = (size_t)((eol ? eol : end) - line);

		for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
			size_t w = strlen(fields[i].name);

			if (n > w && !strncmp(line, fields[i].name, w) && !*fields[i].to)
				*fields[i].to = take(line + w, n - w);
		}
		line += n + 1;
	}
	if (!p.depends)
		p.depends = strdup("");
	p.size = size ? strtoull(size, NULL, 10) : 0;
	free(size);
	p.suite = strdup(suite);
	p.base = strdup(base);
	add(l, p);
}

void listing_add(struct listing *l, struct buf *carry, const char *text, size_t n, const char *suite,
		 const char *base, bool last)
{
	static const char first[] = "Package: linux-";
	const char *s, *end;

	buf_add(carry, text, n);
	if (last)
		buf_puts(carry, "\n\n");
	if (carry->failed) {
		l->failed = true;
		return;
	}
	if (!carry->n)
		return;
	s = carry->p;
	end = carry->p + carry->n;
	while (s < end) {
		const char *stop = memmem(s, (size_t)(end - s), "\n\n", 2), *eol;

		if (!stop)
			break;
		eol = memchr(s, '\n', (size_t)(stop + 1 - s));
		if ((size_t)(eol - s) > sizeof(first) && !memcmp(s, first, sizeof(first) - 1) &&
		    wanted_package(s + 9, (size_t)(eol - s - 9)))
			add_stanza(l, s, stop, suite, base);
		s = stop + 2;
		while (s < end && *s == '\n')
			s++;
	}
	n = (size_t)(end - s);
	memmove(carry->p, s, n);
	carry->n = n;
	carry->p[n] = 0;
}

void listing_fini(struct listing *l)
{
	for (size_t i = 0; i < l->n; i++)
		free_package(&l->p[i]);
	free(l->p);
	*l = (struct listing){0};
}

static const char magic[] = "hookdiff kernels 3\n";

void listing_print(const struct listing *l, struct buf *out)
{
	buf_puts(out, magic);
	for (size_t i = 0; i < l->n; i++) {
		const struct package *p = &l->p[i];

		buf_printf(out, "%s\t%s\t%s\t%s\t%s\t%s\t%" PRIu64 "\t%s\n", p->name, p->version, p->suite,
			   p->base, p->file, p->sha256, p->size, p->depends);
	}
	buf_puts(out, "end\n");
}

bool listing_parse(struct listing *l, const char *text)
{
	if (!starts(text, magic))
		return false;
	for (text += strlen(magic); strcmp(text, "end\n"); text += strcspn(text, "\n") + 1) {
		struct package p = {0};
		char *size = NULL;
		char **to[] = {&p.name, &p.version, &p.suite, &p.base, &p.file, &p.sha256, &size, &p.depends};
		const char *s = text;

		if (!strchr(text, '\n'))
			return false;
		for (size_t i = 0; i < sizeof(to) / sizeof(to[0]); i++) {
			size_t n = strcspn(s, "\t\n");

			*to[i] = strndup(s, n);
			s += n + (s[n] == '\t');
		}
		p.size = size ? strtoull(size, NULL, 10) : 0;
		free(size);
		add(l, p);
	}
	return !l->failed;
}

/* ---- kernels ---- */

static const struct package *find(const struct listing *l, const char *name, size_t n, const char *version)
{
	for (size_t i = 0; i < l->n; i++)
		if (strlen(l->p[i].name) == n && !strncmp(l->p[i].name, name, n) &&
		    !strcmp(l->p[i].version, version))
			return &l->p[i];
	return NULL;
}

/* One alternative of Depends, "linux-base-R (= V)": its name, if it belongs to the kernel whose release is
 * abi. */
static bool own_part(const char *s, size_t n, const char *abi, size_t *name)
{
	size_t a = strlen(abi);

	*name = strcspn(s, " (,|:");
	if (*name > n)
		*name = n;
	if (*name < a || strncmp(s, "linux-", 6))
		return false;
	if (*name > 9 + a && !strncmp(s + *name - 9, "-unsigned", 9))
		return !strncmp(s + *name - 9 - a, abi, a);
	return !strncmp(s + *name - a, abi, a);
}

static void add_part(struct kernel *k, const struct package *p)
{
	for (unsigned i = 0; i < k->n; i++)
		if (!strcmp(k->package[i]->name, p->name))
			return;
	if (k->n < KERNEL_PACKAGES) {
		k->package[k->n++] = p;
		k->size += p->size;
	}
}

/* Follows Depends to the other packages of the same kernel: where its files are differs by series. */
static void follow(const struct listing *l, struct kernel *k, const char *abi)
{
	for (unsigned i = 0; i < k->n; i++) {
		const char *s = k->package[i]->depends;

		while (*s) {
			size_t n = strcspn(s, ","), name;
			const char *end = s + n, *first = NULL;
			bool found = false;
			size_t first_n = 0;

			for (; s < end; s += strcspn(s, "|,"), s += *s == '|') {
				const struct package *p;

				s += strspn(s, " ");
				if (s >= end || !own_part(s, (size_t)(end - s), abi, &name))
					continue;
				if (!first)
					first = s, first_n = name;
				p = found ? NULL : find(l, s, name, k->version);
				if (p) {
					add_part(k, p);
					found = true;
				}
			}
			if (first && !found && !*k->missing)
				snprintf(k->missing, sizeof(k->missing), "%.*s", (int)first_n, first);
			s = end + (*end == ',');
		}
	}
}

/* The part of a package's name that all packages of its kernel share: "7.2.12+deb13-cloud-amd64". */
static bool name_abi(const char *name, char *abi, size_t n)
{
	const char *rest = starts(name, "linux-image-")	   ? name + 12
			   : starts(name, "linux-binary-") ? name + 13
							   : NULL;

	if (!rest || ends(rest, "-dbg"))
		return false;
	if (starts(rest, "unsigned-"))
		rest += 9;
	if (snprintf(abi, n, "%s", rest) >= (int)n)
		return false;
	if (ends(abi, "-unsigned"))
		abi[strlen(abi) - 9] = 0;
	return true;
}

/* How good a package is as the start: the image, then an image without signature, then the binary alone. */
static int root_rank(const char *name)
{
	if (starts(name, "linux-image-"))
		return ends(name, "-unsigned") ? 3 : 4;
	return starts(name, "linux-binary-unsigned-") ? 1 : 2;
}

/* linux-image-6.12-cloud-amd64 of bookworm-security is no kernel: it depends on another linux-image. */
static bool is_meta(const struct package *p)
{
	const char *s = strstr(p->depends, "linux-image-");

	return s && (s == p->depends || s[-1] == ' ');
}

static int newest_first(const void *a, const void *b)
{
	const struct kernel *ka = a, *kb = b;
	int r = debver_compare(kb->version, ka->version);

	return r ? r : strcmp(kb->flavour, ka->flavour);
}

struct kernel *listing_kernels(const struct listing *l, size_t *n)
{
	struct kernel *all = calloc(l->n + 1, sizeof(*all));
	int *rank = calloc(l->n + 1, sizeof(*rank));

	*n = 0;
	for (size_t i = 0; all && rank && i < l->n; i++) {
		const struct package *p = &l->p[i];
		char abi[128];
		const char *flavour;
		struct kernel *k = NULL;
		size_t at;

		if (!name_abi(p->name, abi, sizeof(abi)) || is_meta(p))
			continue;
		flavour = ends(abi, "-cloud-amd64") ? "cloud-amd64" : "amd64";
		for (at = 0; at < *n && !k; at++)
			if (!strcmp(all[at].version, p->version) && !strcmp(all[at].flavour, flavour))
				k = &all[at];
		if (k && rank[k - all] >= root_rank(p->name))
			continue;
		if (!k)
			k = &all[(*n)++];
		*k = (struct kernel){.version = p->version, .suite = p->suite};
		rank[k - all] = root_rank(p->name);
		snprintf(k->flavour, sizeof(k->flavour), "%s", flavour);
		add_part(k, p);
		if (rank[k - all] <= 2) { /* nothing depends on the modules then */
			char name[160];
			const struct package *modules;

			snprintf(name, sizeof(name), "linux-modules-%s", abi);
			modules = find(l, name, strlen(name), p->version);
			if (modules)
				add_part(k, modules);
		}
		follow(l, k, abi);
	}
	free(rank);
	if (all)
		qsort(all, *n, sizeof(*all), newest_first);
	return all;
}

void version_series(const char *version, char *series, size_t n)
{
	size_t a = strspn(version, "0123456789"), b = 0;

	if (version[a] == '.')
		b = 1 + strspn(version + a + 1, "0123456789");
	snprintf(series, n, "%.*s", (int)(a + b), version);
}

bool version_valid(const char *wanted)
{
	char series[32];

	version_series(wanted, series, sizeof(series));
	return debver_valid(wanted) && strchr(series, '.') && series[strlen(series) - 1] != '.';
}

bool version_matches(const char *wanted, const char *version)
{
	size_t n = strlen(wanted);
	const char *dash = strrchr(version, '-');
	char rc[64];

	if (!strcmp(wanted, version))
		return true;
	version_series(version, rc, sizeof(rc));
	if (!strcmp(wanted, rc))
		return true;
	/* The upstream version; Debian writes 7.3~rc7 for 7.3-rc7. */
	snprintf(rc, sizeof(rc), "%s", wanted);
	if (strstr(rc, "-rc"))
		*strstr(rc, "-rc") = '~';
	return dash && (size_t)(dash - version) == n && !strncmp(rc, version, n);
}

const struct kernel *listing_choose(const struct kernel *k, size_t n, const char *wanted)
{
	const struct kernel *best = NULL;
	int best_rank = -1;

	for (size_t i = 0; i < n; i++) { /* newest first, so the first of a rank is the newest */
		bool whole = !*k[i].missing || k[i].cached, cloud = !strcmp(k[i].flavour, "cloud-amd64");
		int rank = 2 * cloud + whole;

		if (version_matches(wanted, k[i].version) && rank > best_rank) {
			best = &k[i];
			best_rank = rank;
		}
	}
	return best;
}

const struct package *listing_debug(const struct listing *l, const char *release, const char *version)
{
	char name[160];
	int n = snprintf(name, sizeof(name), "linux-image-%s-dbg", release);

	return n < (int)sizeof(name) ? find(l, name, (size_t)n, version) : NULL;
}

const struct package *listing_source(const struct listing *l, const char *wanted)
{
	const struct package *best = NULL;

	for (size_t i = 0; i < l->n; i++)
		if (source_package(l->p[i].name, strlen(l->p[i].name)) &&
		    version_matches(wanted, l->p[i].version) &&
		    (!best || debver_compare(l->p[i].version, best->version) > 0))
			best = &l->p[i];
	return best;
}
