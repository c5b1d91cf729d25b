/* SPDX-License-Identifier: MIT */
#include "sources.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Suites that hold kernels, and are asked for by name. A mirror need not have them all: apt says which it has
 * not. */
static const char debian_suites[] = "bullseye bullseye-backports bookworm bookworm-backports trixie "
				    "trixie-backports forky forky-backports sid experimental";
static const char security_suites[] = "bullseye-security bookworm-security trixie-security forky-security";

static const char *const codenames[] = {"buster",	"bullseye", "bookworm",	   "trixie",	"forky",
					"duke",		"sid",	    "stable",	   "oldstable", "testing",
					"oldoldstable", "unstable", "experimental"};

static const char blanks[] = " \t";

/* The suite without its -suffix is a name of Debian's; *security: the suffix says security. */
static bool debian_suite(const char *s, size_t n, bool *security)
{
	size_t base = strcspn(s, "-/ \t");

	if (base > n)
		base = n;
	*security = (n > base && !strncmp(s + base, "-security", 9)) ||
		    (n > base && !strncmp(s + base, "/updates", 8));
	for (size_t i = 0; i < sizeof(codenames) / sizeof(codenames[0]); i++)
		if (strlen(codenames[i]) == base && !strncmp(codenames[i], s, base))
			return true;
	return false;
}

static bool has_word(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = list; *(p += strspn(p, blanks)); p += strcspn(p, blanks))
		if (strcspn(p, blanks) == n && !strncmp(p, word, n))
			return true;
	return false;
}

/* One entry: does it look like Debian's archive, and more than what we have? */
static void offer(struct sources *s, const char *uris, const char *suites, const char *components,
		  const char *options)
{
	size_t n = strcspn(uris, blanks);
	char *uri = strndup(uris, n);
	int rank = 1;

	if (!uri || !n || !has_word(components, "main"))
		goto out;
	rank += strstr(uri, "debian.org/") ? 2 : 0;
	rank += strstr(options, "debian-archive") ? 2 : 0;
	rank += strstr(uri, "/debian") ? 1 : 0;
	for (const char *p = suites; *(p += strspn(p, blanks)); p += strcspn(p, blanks)) {
		bool security;
		struct source *to;

		if (!debian_suite(p, strcspn(p, blanks), &security))
			continue;
		to = security ? &s->security : &s->debian;
		if (to->rank >= rank)
			continue;
		free(to->uri);
		free(to->options);
		to->uri = strdup(uri);
		to->options = strdup(options);
		to->rank = to->uri && to->options ? rank : 0;
	}
out:
	free(uri);
}

/* Options of ours replace these; the others say how to trust and reach the mirror. */
static bool keep_option(const char *name, size_t n)
{
	static const char *const ours[] = {"types",   "uris",	   "suites",  "components", "architectures",
					   "arch",    "languages", "lang",    "targets",    "target",
					   "enabled", "pdiffs",	   "by-hash", "description"};

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (strlen(ours[i]) == n && !strncasecmp(ours[i], name, n))
			return false;
	return n > 0 && (n < 2 || strncasecmp(name, "x-", 2) != 0);
}

/* deb [name=value name=value] URI SUITE COMPONENT... */
static void one_line(struct sources *s, char *line)
{
	struct buf options = {0};
	char *p = line + strspn(line, blanks), *uri, *suite;

	p[strcspn(p, "#")] = 0;
	if (strncmp(p, "deb", 3) || !p[3] || !strchr(blanks, p[3]))
		return;
	p += 3;
	p += strspn(p, blanks);
	if (*p == '[') {
		char *end = strchr(p, ']');

		if (!end)
			return;
		*end = 0;
		for (p++; *(p += strspn(p, blanks)); p += strcspn(p, blanks)) {
			size_t n = strcspn(p, blanks), name = strcspn(p, "=");

			if (name >= n || !keep_option(p, name) || strchr("+-", p[name - 1]))
				continue;
			buf_printf(&options, "%.*s: ", (int)name, p);
			for (size_t i = name + 1; i < n; i++)
				buf_printf(&options, "%c", p[i] == ',' ? ' ' : p[i]);
			buf_puts(&options, "\n");
		}
		p = end + 1;
	}
	uri = p + strspn(p, blanks);
	suite = uri + strcspn(uri, blanks);
	if (*suite) {
		*suite++ = 0;
		suite += strspn(suite, blanks);
		p = suite + strcspn(suite, blanks);
		if (*p) {
			*p++ = 0;
			offer(s, uri, suite, p, buf_str(&options));
		}
	}
	buf_fini(&options);
}

struct stanza {
	struct buf types, uris, suites, components, enabled, options;
};

static void end_stanza(struct sources *s, struct stanza *z)
{
	struct buf *all[] = {&z->types, &z->uris, &z->suites, &z->components, &z->enabled, &z->options};
	const char *uri = buf_str(&z->uris);

	if (has_word(buf_str(&z->types), "deb") && !has_word(buf_str(&z->enabled), "no") &&
	    !has_word(buf_str(&z->enabled), "false"))
		offer(s, uri + strspn(uri, blanks), buf_str(&z->suites), buf_str(&z->components),
		      buf_str(&z->options));
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		buf_fini(all[i]);
}

/* A line of a deb822 stanza. *field is where its continuation goes. */
static void deb822_line(struct stanza *z, char *line, struct buf **field)
{
	struct {
		const char *name;
		struct buf *b;
	} known[] = {{"types", &z->types},
		     {"uris", &z->uris},
		     {"suites", &z->suites},
		     {"components", &z->components},
		     {"enabled", &z->enabled}};
	size_t n = strcspn(line, ":");

	if (*line == ' ' || *line == '\t') {
		if (*field)
			buf_printf(*field, "%s%s", line, *field == &z->options ? "\n" : " ");
		return;
	}
	*field = NULL;
	if (!line[n])
		return;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strlen(known[i].name) == n && !strncasecmp(known[i].name, line, n)) {
			*field = known[i].b;
			buf_printf(*field, "%s ", line + n + 1);
			return;
		}
	if (!keep_option(line, n))
		return;
	*field = &z->options;
	buf_printf(*field, "%s\n", line);
}

void sources_read(struct sources *s, const char *name, const char *text)
{
	size_t n = strlen(name);
	bool deb822 = n > 8 && !strcmp(name + n - 8, ".sources");
	struct stanza z = {0};
	struct buf *field = NULL;

	while (*text) {
		size_t len = strcspn(text, "\n");
		char *line = strndup(text, len);

		text += len + (text[len] == '\n');
		if (!line)
			break;
		line[strcspn(line, "\r")] = 0;
		if (!deb822)
			one_line(s, line);
		else if (!line[strspn(line, blanks)])
			end_stanza(s, &z), field = NULL;
		else if (*line != '#')
			deb822_line(&z, line, &field);
		free(line);
	}
	end_stanza(s, &z);
}

static void write_one(const char *uri, const char *suites, const char *options, struct buf *out)
{
	buf_printf(out,
		   "Types: deb\nURIs: %s\nSuites: %s\nComponents: main\nArchitectures: amd64\nTargets: "
		   "Packages\n"
		   "Languages: none\n%s\n",
		   uri, suites, options);
}

void sources_write(const struct sources *s, struct buf *out)
{
	size_t n;

	if (!s->debian.rank)
		return;
	write_one(s->debian.uri, debian_suites, s->debian.options, out);
	if (s->security.rank) {
		write_one(s->security.uri, security_suites, s->security.options, out);
		return;
	}
	/* The security archive is the sibling of .../debian on deb.debian.org and on most mirrors. */
	n = strlen(s->debian.uri);
	n -= n && s->debian.uri[n - 1] == '/';
	if (n > 7 && !strncmp(s->debian.uri + n - 7, "/debian", 7)) {
		char *uri = NULL;

		if (asprintf(&uri, "%.*s-security", (int)n, s->debian.uri) > 0)
			write_one(uri, security_suites, s->debian.options, out);
		free(uri);
	}
}

void sources_fini(struct sources *s)
{
	free(s->debian.uri);
	free(s->debian.options);
	free(s->security.uri);
	free(s->security.options);
	*s = (struct sources){0};
}
