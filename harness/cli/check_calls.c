/* SPDX-License-Identifier: MIT */
/* Each call becomes a line of a case's text, which the parser of cases reads: names, items and expectations
 * are its. */
#include "check_calls.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../case/case_text.h"
#include "opts.h"
#include "session.h"

/* Does a call begin here? The length of its first word, or 0. */
static size_t call_word(const char *s)
{
	static const char *const words[] = {"getsockopt", "setsockopt"};

	for (unsigned i = 0; i < 2; i++) {
		size_t n = strlen(words[i]);

		if (!strncmp(s, words[i], n) && (isspace((unsigned char)s[n]) || s[n] == '('))
			return n;
	}
	return 0;
}

static const char *skip_blanks(const char *s)
{
	return s + strspn(s, " \t\r\n");
}

bool check_calls_is_file(const char *what)
{
	return strcmp(what, "-") && !call_word(skip_blanks(what));
}

/* ---- from words to the text of a case ---- */

/* Where the call ends that begins at s: a separator outside of quotes, brackets and comments. */
static const char *end_of_call(const char *s)
{
	unsigned depth = 0;
	bool quoted = false;

	for (; *s; s++) {
		if (quoted) {
			quoted = *s != '"';
			s += *s == '\\' && s[1];
		} else if (*s == '"') {
			quoted = true;
		} else if (*s == '(' || *s == '[') {
			depth++;
		} else if (*s == ')' || *s == ']') {
			depth -= depth > 0;
		} else if (*s == '#' || (!depth && strchr(";,\n", *s))) {
			break;
		}
	}
	return s;
}

/* The next word of [*s, end); *s moves behind it. */
static size_t next_word(const char **s, const char *end, const char **word)
{
	while (*s < end && isspace((unsigned char)**s))
		++*s;
	*word = *s;
	while (*s < end && !isspace((unsigned char)**s))
		++*s;
	return (size_t)(*s - *word);
}

/* The '=' before an expectation, or end. */
static const char *find_expectation(const char *s, const char *end)
{
	bool quoted = false;

	for (; s < end; s++)
		if (*s == '"')
			quoted = !quoted;
		else if (*s == '\\' && quoted)
			s++;
		else if (*s == '=' && !quoted)
			return s;
	return end;
}

/* Is the text from s to end one number or constant, as a length or a value may be? */
static bool is_number(const char *s, const char *end)
{
	if (s < end && *s == '-')
		s++;
	if (s == end || (!isdigit((unsigned char)*s) && strncmp(s, "INT_M", 5)))
		return false;
	while (s < end && (isalnum((unsigned char)*s) || *s == '_'))
		s++;
	while (s < end && isspace((unsigned char)*s))
		s++;
	return s == end;
}

/* One call in few words. *no_optlen: the length is that of the value. */
static void translate(const char *s, const char *end, struct buf *b, bool *no_optlen)
{
	const char *expect = find_expectation(s, end), *hook, *word, *optlen = NULL;
	size_t n = next_word(&s, expect, &hook);
	bool get = *hook == 'g';

	buf_printf(b, "%.*s(s", (int)n, hook);
	for (unsigned i = 0; i < 2 && (n = next_word(&s, expect, &word)); i++)
		buf_printf(b, ", %.*s", (int)n, word);
	s = skip_blanks(s);
	if (s > expect)
		s = expect;
	for (const char *p = s; p + 6 < expect; p++)
		if (!strncmp(p, "optlen", 6) && (p == s || isspace((unsigned char)p[-1])))
			optlen = p;
	if (get && s == expect)
		buf_puts(b, ", buf 4, optlen 4");
	else if (get && is_number(s, expect))
		buf_printf(b, ", buf %.*s, optlen %.*s", (int)(expect - s), s, (int)(expect - s), s);
	else
		buf_printf(b, ", %s%.*s, %.*s", !get && is_number(s, optlen ? optlen : expect) ? "i32 " : "",
			   (int)((optlen ? optlen : expect) - s), s,
			   optlen ? (int)(expect - optlen) : (int)strlen("optlen 0"),
			   optlen ? optlen : "optlen 0");
	*no_optlen = !get && !optlen;
	buf_printf(b, ") %.*s", (int)(end - expect), expect);
}

/* All calls. Lines of the case are those of what was given, as far as each stands on a line of its own. */
static int translate_all(const char *s, struct buf *b, bool no_optlen[TC_MAX_CALLS])
{
	unsigned n = 0;

	for (s = skip_blanks(s); *s; s = skip_blanks(s)) {
		const char *end = end_of_call(s);
		size_t word = call_word(s);

		if (*s == '#' || end == s) {
			s = *s == '#' ? s + strcspn(s, "\n") : s + 1;
			continue;
		}
		if (!word)
			return cli_usage("--calls: expected getsockopt or setsockopt, found '%.40s'", s);
		if (n == TC_MAX_CALLS)
			return cli_usage("--calls: more than %u calls: give case files instead",
					 TC_MAX_CALLS);
		if (s[word] == '(')
			buf_printf(b, "%.*s", (int)(end - s), s);
		else
			translate(s, end, b, &no_optlen[n]);
		buf_puts(b, "\n");
		n++;
		s = end;
	}
	return n ? EXIT_AGREE : cli_usage("--calls: expected calls, found none");
}

/* ---- reading ---- */

static int read_all(const char *what, struct buf *b)
{
	FILE *f = strcmp(what, "-") ? fopen(what, "re") : stdin;
	char part[4096];
	int err = f ? 0 : errno;
	size_t n;

	while (f && (n = fread(part, 1, sizeof(part), f)) && b->n < CASE_TEXT_MAX)
		buf_add(b, part, n);
	if (f && ferror(f))
		err = EIO;
	if (f && f != stdin)
		fclose(f);
	if (err)
		return cli_usage("--calls %s: %s", what, strerror(err));
	if (memchr(buf_str(b), 0, b->n) || b->n >= CASE_TEXT_MAX)
		return cli_usage("--calls %s: expected a text of calls", what);
	return EXIT_AGREE;
}

int check_calls(const char *what, unsigned level, struct tcase *tc)
{
	bool no_optlen[TC_MAX_CALLS] = {false};
	struct buf given = {0}, text = {0};
	struct diag d = {0};
	int code = EXIT_AGREE;

	for (unsigned i = 1; i <= level; i++) {
		buf_puts(&text, "cgroup ");
		tcase_print_path(i, &text);
		buf_puts(&text, "\n");
	}
	buf_puts(&text, "s = socket(AF_INET, SOCK_STREAM, 0) in ");
	tcase_print_path(level, &text);
	buf_puts(&text, "\n");
	if (call_word(skip_blanks(what)))
		buf_puts(&given, what);
	else
		code = read_all(what, &given);
	if (!code)
		code = translate_all(buf_str(&given), &text, no_optlen);
	if (!code && tcase_parse(buf_str(&text), text.n, "--calls", tc, NULL, &d)) {
		cli_diag(&d, buf_str(&text), text.n);
		code = EXIT_USAGE;
	}
	for (unsigned i = 0; !code && i < tc->n_calls; i++)
		if (no_optlen[i])
			tc->call[i].optlen = (int32_t)tc->call[i].buf.size;
	buf_fini(&given);
	buf_fini(&text);
	return code;
}
