/* SPDX-License-Identifier: MIT */
/* Which versions are bisected: those of the archive, numbers, or names. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../kernels/catalog.h"
#include "../kernels/debver.h"
#include "bisect.h"

static int add_version(struct bisect_state *s, const char *name, size_t len)
{
	if (s->n == BISECT_VERSIONS)
		return cli_usage("bisect: at most %d versions", BISECT_VERSIONS);
	if (!len || len >= sizeof(s->point->name))
		return cli_usage("bisect: --names: expected a name of 1 to %zu bytes, found '%.40s'",
				 sizeof(s->point->name) - 1, name);
	snprintf(s->point[s->n].name, sizeof(s->point->name), "%.*s", (int)len, name);
	for (unsigned i = 0; i < s->n; i++)
		if (!strcmp(s->point[i].name, s->point[s->n].name))
			return cli_usage("bisect: --names: expected each name once, found '%.40s' twice",
					 s->point[i].name);
	s->n++;
	return EXIT_AGREE;
}

static int list_packages(struct bisect_state *s, const struct cli *cli)
{
	size_t from, to;
	struct catalog c;
	char why[1024];
	int code = EXIT_AGREE;

	if (catalog_read(&c, false, true, !cli->verbose, why, sizeof(why)))
		return bisect_refuse("%s", why);
	if (!catalog_between(&c, cli->good, cli->bad, &from, &to, why, sizeof(why)))
		code = bisect_refuse("%s", why);
	else if ((from < to ? to - from : from - to) >= BISECT_VERSIONS)
		code = bisect_refuse("there are more than %d versions between the two", BISECT_VERSIONS);
	for (size_t i = from; !code; i += from < to ? 1 : -1) {
		char spec[256];

		snprintf(spec, sizeof(spec), "debian:%s", c.row[i].version);
		code = add_version(s, spec, strlen(spec));
		if (i == to)
			break;
	}
	catalog_fini(&c);
	return code;
}

static bool read_name(const char *s, long *v)
{
	char *end;

	errno = 0;
	*v = strtol(s, &end, 10);
	return *s >= '0' && *s <= '9' && !*end && !errno && *v < 1000000000;
}

static int list_numbers(struct bisect_state *s, const struct cli *cli)
{
	long from, to;
	int code = EXIT_AGREE;

	if (!read_name(cli->good, &from) || !read_name(cli->bad, &to) || from == to)
		return cli_usage(
			"bisect list: expected two different numbers as --good and --bad, or --names; found "
			"'%s' and '%s'",
			cli->good, cli->bad);
	for (long i = from; !code; i += from < to ? 1 : -1) {
		char name[32];

		snprintf(name, sizeof(name), "%ld", i);
		code = add_version(s, name, strlen(name));
		if (i == to)
			break;
	}
	return code;
}

static int list_names(struct bisect_state *s, const struct cli *cli)
{
	unsigned good, bad;
	int code = EXIT_AGREE;

	for (const char *w = cli->names; !code; w++) {
		size_t n = strcspn(w, ",");

		code = add_version(s, w, n);
		w += n;
		if (!*w)
			break;
	}
	for (good = 0; good < s->n && strcmp(s->point[good].name, cli->good); good++)
		;
	for (bad = 0; bad < s->n && strcmp(s->point[bad].name, cli->bad); bad++)
		;
	if (code)
		return code;
	if (good == s->n || bad == s->n || good == bad)
		return cli_usage(
			"bisect list: expected --good and --bad to be two of --names, found '%s' and '%s'",
			cli->good, cli->bad);
	if (good > bad) /* against the order of the names */
		for (unsigned i = 0, k = s->n - 1; i < k; i++, k--) {
			struct bisect_point p = s->point[i];

			s->point[i] = s->point[k];
			s->point[k] = p;
		}
	for (good = 0; strcmp(s->point[good].name, cli->good); good++)
		;
	for (bad = 0; strcmp(s->point[bad].name, cli->bad); bad++)
		;
	s->n = bad - good + 1;
	memmove(s->point, s->point + good, s->n * sizeof(*s->point));
	return EXIT_AGREE;
}

int series_make(struct bisect_state *s, const struct cli *cli)
{
	s->point = calloc(BISECT_VERSIONS, sizeof(*s->point));
	if (!s->point)
		return bisect_refuse("out of memory");
	if (!strcmp(s->question.mode, "packages"))
		return list_packages(s, cli);
	return cli->names ? list_names(s, cli) : list_numbers(s, cli);
}

bool series_runs_back(const struct bisect_state *s, const struct cli *cli)
{
	const char *good = s->point[0].name, *bad = s->point[s->n - 1].name;
	long x, y;

	if (!strcmp(s->question.mode, "packages"))
		return debver_compare(good + 7, bad + 7) > 0;
	if (cli->names) {
		const char *list = cli->names;

		/* whole names: the series was made of them */
		for (const char *w = list;; w++) {
			size_t n = strcspn(w, ",");

			if (strlen(bad) == n && !strncmp(w, bad, n))
				return true;
			if (strlen(good) == n && !strncmp(w, good, n))
				return false;
			w += n;
			if (!*w)
				return false;
		}
	}
	return read_name(good, &x) && read_name(bad, &y) && x > y;
}
