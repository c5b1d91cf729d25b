/* SPDX-License-Identifier: MIT */
/*
 * A backend that plays a kernel: the oracle says what the hooks do, case/model.h what the handlers of a few
 * options do. So hookdiff must agree with it, and must not once a bug is planted. Speaks the protocol of
 * docs/backend.md on stdin and stdout; needs no root.
 *
 *	fake_backend [--any-option] [--profile NAME] [--bug NAME] [--break HOW[@LINE]]
 *	fake_backend --series SEED --kernel N [--of COUNT] [--delay MS] [--bug NAME]
 *	fake_backend --series SEED --reveal [--of COUNT]
 *
 * Without --any-option it cannot express cases whose handlers are not modelled; with it, other options are
 * stores of bytes, which is all the same to the hooks. --bug is one wrong thing in what the hooks do or in
 * the controls, --break one wrong answer line (the second one, which is the first case's, unless @LINE).
 *
 * --series: kernel N of a series of 1 to COUNT (32), for bisects. The seed picks the first one that has the
 *bug (errno unless --bug names another), one that does not boot, and among those with the bug one that shows
 *it in one of four cases only; --reveal prints the three. --delay: milliseconds that it takes to boot.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/base/rng.h"
#include "harness/case/model.h"
#include "harness/wire/server.h"
#include "oracle/oracle.h"
#include "oracle/profiles.h"

#define RELEASE "6.18.0-example"
#define STORES	8
#define MEMORY	(TC_MAX_BUF + TC_PAST + 64)

enum bug {
	BUG_NONE,
	SET_WINDOW_15,
	WINDOW_GARBAGE,
	ERRNO,
	RAW,
	CANARY,
	STRAY,
	ORDER,
	NEVER_RUNS,
	RUNS_TWICE,
	LOST_SET,
	LIES_ABOUT_CONTROLS,
	NO_CONTROLS,
	BAD_CONTROLS,
	BUG_COUNT,
};
static const char *const bugs[BUG_COUNT] = {
	[BUG_NONE] = "none",
	[SET_WINDOW_15] = "set-window-15",   /* the window of a short setsockopt is max(optlen, 15) */
	[WINDOW_GARBAGE] = "window-garbage", /* what lies in it behind the value is not zero */
	[ERRNO] = "errno",		     /* EINVAL where EFAULT is due */
	[RAW] = "raw",			     /* a result below -4095 is cut to -1 */
	[CANARY] = "canary",		     /* getsockopt writes one byte past the buffer */
	[STRAY] = "stray",		     /* and beside the user's optlen */
	[ORDER] = "order",		     /* the chain runs from the top */
	[NEVER_RUNS] = "never-runs",	     /* no program runs, and the controls say so */
	[RUNS_TWICE] = "runs-twice",	     /* the first program runs twice */
	[LOST_SET] = "lost-set",	     /* setsockopt returns 0 and does nothing */
	[LIES_ABOUT_CONTROLS] =
		"lies-about-controls",	 /* no program runs, and the controls say that all did */
	[NO_CONTROLS] = "no-controls",	 /* none were made */
	[BAD_CONTROLS] = "bad-controls", /* one went wrong */
};

/* One socket: the modelled options, and stores for others. */
struct sock {
	struct model model;
	struct store {
		bool used;
		int32_t level, optname;
		uint32_t n;
		uint8_t bytes[64];
	} store[STORES];
};

struct fake {
	struct backend b; /* first: the two are cast into each other */
	struct oracle *o;
	enum bug bug, sometimes; /* sometimes: it is there in one of four cases */
	struct rng rng;
	bool any_option;
	const struct tcase *tc;
	struct sock hooked[TC_MAX_SOCKS], twin[TC_MAX_SOCKS];
	uint8_t handler_mem[MEMORY], twin_mem[MEMORY], mem[MEMORY], before[MEMORY];
	uint8_t order[HD_ORDER];
	struct hd_trace trace[HD_PROGS];
	struct control_counts counts;
};

static struct fake *of(struct backend *b)
{
	return (struct fake *)b;
}

/* ---- handlers ---- */

static uint32_t reach(const struct tc_buf *u, bool write)
{
	if (u->place == BUF_NULL || (u->place == BUF_READONLY && write))
		return 0;
	return u->place == BUF_EDGE ? u->size : u->size + TC_PAST;
}

static struct store *find_store(struct sock *s, int32_t level, int32_t optname)
{
	for (unsigned i = 0; i < STORES; i++)
		if (!s->store[i].used || (s->store[i].level == level && s->store[i].optname == optname))
			return &s->store[i];
	return &s->store[0];
}

static int64_t store_set(struct sock *s, const struct plan *p, const uint8_t *val, uint32_t readable)
{
	struct store *st = find_store(s, p->level, p->optname);

	if (p->optlen < 0)
		return -EINVAL;
	*st = (struct store){.used = true, .level = p->level, .optname = p->optname};
	st->n = (uint32_t)p->optlen < sizeof(st->bytes) ? (uint32_t)p->optlen : sizeof(st->bytes);
	if (readable < st->n)
		return -EFAULT;
	if (st->n)
		memcpy(st->bytes, val, st->n);
	return 0;
}

static int64_t store_get(struct sock *s, const struct plan *p, uint8_t *mem, uint32_t writable,
			 int32_t *optlen)
{
	const struct store *st = find_store(s, p->level, p->optname);
	uint32_t n;

	if (!optlen || *optlen < 0)
		return optlen ? -EINVAL : -EFAULT;
	n = st->used && st->n < (uint32_t)*optlen ? st->n : st->used ? (uint32_t)*optlen : 0;
	if (writable < n)
		return -EFAULT;
	memcpy(mem, st->bytes, n);
	*optlen = (int32_t)n;
	return 0;
}

/* Makes the planned call on the socket. False if only a store answered it. */
static bool handle(struct fake *f, struct sock *s, const struct tc_call *c, const struct plan *p,
		   uint8_t *mem, struct handler_result *hr)
{
	int32_t optlen = c->optlen, *len = c->optlen_null ? NULL : &optlen;
	const uint8_t *val = p->kernel_buf ? p->bytes : f->before;
	uint32_t readable = p->kernel_buf ? (uint32_t)p->optlen : reach(&c->buf, false);
	bool known = true;

	tc_buf_image(&c->buf, f->before, c->buf.size + TC_PAST);
	tc_buf_image(&c->buf, mem, c->buf.size + TC_PAST);
	*hr = (struct handler_result){.ret = -EBADF, .optlen = c->optlen, .mem = mem};
	if (c->buf.place == BUF_NULL)
		hr->mem = NULL;
	if (!s)
		return true;
	if (c->hook == HOOK_SET) {
		known = model_set(&s->model, p->level, p->optname, val, readable, p->optlen, &hr->ret);
		if (!known)
			hr->ret = store_set(s, p, val, readable);
	} else {
		known = model_get(&s->model, p->level, p->optname, mem, reach(&c->buf, true), len, &hr->ret);
		if (!known)
			hr->ret = store_get(s, p, mem, reach(&c->buf, true), len);
		hr->touched = !hr->ret && optlen > 0 && c->optlen > 0 && model_reaches(c);
		model_read_only(c, mem, &hr->ret, &optlen);
		model_overlap(c, mem, hr->ret, &optlen);
		hr->optlen = optlen;
	}
	return known;
}

static struct sock *socket_of(struct sock *s, const struct tc_call *c)
{
	return c->sock < TC_MAX_SOCKS ? &s[c->sock] : NULL;
}

/* ---- struct backend_ops ---- */

static void new_sockets(struct fake *f)
{
	memset(f->hooked, 0, sizeof(f->hooked));
	for (unsigned i = 0; i < f->tc->n_socks; i++)
		model_init(&f->hooked[i].model, &f->tc->sock[i]);
	memcpy(f->twin, f->hooked, sizeof(f->twin));
}

static int f_begin(struct backend *b, const struct tcase *tc, bool fresh)
{
	struct fake *f = of(b);
	struct handler_result hr;
	struct plan p;
	bool known = true;

	f->tc = tc;
	if (f->sometimes)
		f->bug = rng_chance(&f->rng, 1, 4) ? f->sometimes : BUG_NONE;
	if (tcase_returns_2(tc)) {
		snprintf(b->error, sizeof(b->error), "a program that may return 2");
		return -EOPNOTSUPP;
	}
	new_sockets(f);
	oracle_begin(f->o, tc);
	for (unsigned i = 0; i < tc->n_calls && !f->any_option; i++) {
		oracle_plan(f->o, i, &p);
		if (p.called)
			known &= handle(f, socket_of(f->hooked, &tc->call[i]), &tc->call[i], &p, f->mem, &hr);
	}
	if (!known) {
		snprintf(b->error, sizeof(b->error), "an option that is not modelled");
		return -EOPNOTSUPP;
	}
	new_sockets(f);
	b->births++;
	return 0;
}

static void f_load(struct backend *b, const struct tcase *tc)
{
	struct fake *f = of(b);

	f->tc = tc;
	oracle_begin(f->o, tc);
}

static void f_handler(struct backend *b, const struct tc_call *c, const struct plan *p,
		      struct handler_result *hr)
{
	struct fake *f = of(b);

	handle(f, socket_of(f->twin, c), c, p, f->twin_mem, hr);
}

static void programs(struct fake *f, const struct tc_call *c, const struct want *w, struct outcome *got)
{
	got->runs = w->n_seen;
	got->order = f->order;
	got->trace = f->trace;
	for (unsigned k = 0; k < w->n_seen; k++) {
		const struct want_seen *s = &w->seen[k];
		struct hd_trace *t = &f->trace[s->id];

		f->order[k] = (uint8_t)(c->hook * HD_PROGS + s->id);
		t->level = s->level;
		t->optname = s->optname;
		t->optlen = s->optlen;
		t->retval = s->retval;
		t->size = s->size;
		memcpy(t->bytes, s->bytes, s->size < HD_WINDOW ? s->size : HD_WINDOW);
	}
}

static void plant(struct fake *f, const struct tc_call *c, const struct want *w, struct outcome *got)
{
	struct hd_trace *first = got->runs ? &f->trace[f->order[0] % HD_PROGS] : NULL;

	switch (f->bug) {
	case SET_WINDOW_15:
		if (first && c->hook == HOOK_SET && c->optlen < 16 && first->size == 16)
			first->size = 15;
		break;
	case WINDOW_GARBAGE:
		if (first && c->hook == HOOK_SET && c->optlen < 16 && first->size == 16)
			first->bytes[15] = 0x77;
		break;
	case ERRNO:
		if (got->ret == -EFAULT)
			got->ret = -EINVAL;
		break;
	case RAW:
		if (got->ret < -4095)
			got->ret = -1;
		break;
	case CANARY:
		if (c->hook == HOOK_GET && got->ret == 0 && c->buf.place == BUF_PLAIN &&
		    c->optlen <= (int32_t)c->buf.size)
			f->mem[c->buf.size] ^= 1;
		break;
	case STRAY:
		got->stray = tc_call_has_len(c) && got->ret == 0;
		break;
	case ORDER:
		for (unsigned k = 0; k < got->runs / 2; k++) {
			uint8_t id = f->order[k];

			f->order[k] = f->order[got->runs - 1 - k];
			f->order[got->runs - 1 - k] = id;
		}
		break;
	case NEVER_RUNS:
	case LIES_ABOUT_CONTROLS:
		got->runs = 0;
		break;
	case RUNS_TWICE:
		if (got->runs) {
			memmove(f->order + 1, f->order, HD_ORDER - 1);
			got->runs++;
		}
		break;
	case LOST_SET: /* f_call did it */
	case NO_CONTROLS:
	case BAD_CONTROLS:
	case BUG_NONE:
	case BUG_COUNT:
		break;
	}
}

static void f_call(struct backend *b, const struct tc_call *c, struct outcome *got)
{
	struct fake *f = of(b);
	struct sock nobody = {.model = {0}};
	struct sock *s = socket_of(f->hooked, c);
	struct handler_result hr;
	const struct want *w;
	struct plan p;
	uint32_t n;

	if (f->bug == LOST_SET && c->hook == HOOK_SET && s) {
		nobody = *s;
		s = &nobody;
	}
	oracle_plan(f->o, (unsigned)(c - f->tc->call), &p);
	if (p.called)
		handle(f, s, c, &p, f->handler_mem, &hr);
	w = oracle_predict(f->o, &hr);
	tc_buf_image(&c->buf, f->mem, c->buf.size + TC_PAST);
	n = c->buf.place == BUF_NULL ? 0 : c->buf.size + (c->buf.place == BUF_EDGE ? 0 : TC_PAST);
	if (w->base)
		memcpy(f->mem, w->base, n);
	if (n && w->n_out)
		memcpy(f->mem, w->out, w->n_out < n ? w->n_out : n);
	*got = (struct outcome){.ret = w->ret, .optlen = w->optlen, .mem = n ? f->mem : NULL};
	programs(f, c, w, got);
	f->counts.ran_ok[c->hook]++;
	f->counts.silent_ok[c->hook]++;
	plant(f, c, w, got);
}

static void f_end(struct backend *b, bool irregular)
{
}

static const struct control_counts *f_controls(const struct backend *b)
{
	struct fake *f = of((struct backend *)b);

	for (unsigned h = 0; h < HOOK_COUNT; h++) {
		if (f->bug == NEVER_RUNS) {
			f->counts.ran_bad[h] += f->counts.ran_ok[h];
			f->counts.ran_ok[h] = 0;
		}
		if (f->bug == NO_CONTROLS)
			f->counts.ran_ok[h] = f->counts.silent_ok[h] = 0;
		if (f->bug == BAD_CONTROLS)
			f->counts.silent_bad[h] = 1;
	}
	return &f->counts;
}

static void f_close(struct backend *b, struct control_counts *final)
{
	struct fake *f = of(b);

	if (final)
		*final = *f_controls(b);
	oracle_free(f->o);
	free(f);
}

static const struct backend_ops fake_ops = {
	.name = "fake",
	.begin = f_begin,
	.load = f_load,
	.handler = f_handler,
	.call = f_call,
	.end = f_end,
	.controls = f_controls,
	.close = f_close,
};

struct options {
	const char *profile;
	enum bug bug;
	bool sometimes;
	bool any_option;
	const char *broken; /* HOW */
	unsigned line;
};

static struct backend *fake_open(void *arg, unsigned reuse, char *err, size_t size)
{
	const struct options *opts = arg;
	const struct profile *p =
		opts->profile ? profile_find(opts->profile) : profile_for_kernel(RELEASE, NULL);
	struct fake *f = calloc(1, sizeof(*f));

	if (f && p)
		f->o = oracle_new(p, 4096);
	if (!f || !f->o) {
		snprintf(err, size, "%s", p ? "out of memory" : "no such profile");
		free(f);
		return NULL;
	}
	f->b.ops = &fake_ops;
	f->b.page_size = 4096;
	f->bug = opts->sometimes ? BUG_NONE : opts->bug;
	f->sometimes = opts->sometimes ? opts->bug : BUG_NONE;
	rng_seed(&f->rng, (uint64_t)time(NULL), (uint64_t)getpid());
	f->any_option = opts->any_option;
	snprintf(f->b.release, sizeof(f->b.release), RELEASE);
	snprintf(f->b.version, sizeof(f->b.version), "#1");
	snprintf(f->b.arch, sizeof(f->b.arch), "x86_64");
	return &f->b;
}

/* ---- wrong lines ---- */

/* Prints the line with the first `from` replaced. */
static void replaced(const char *line, const char *from, const char *to)
{
	const char *at = strstr(line, from);

	if (!at) {
		fprintf(stderr, "fake_backend: no %s in the line that was to be broken: %.200s", from, line);
		exit(9);
	}
	printf("%.*s%s%s", (int)(at - line), line, to, at + strlen(from));
}

static void spoil(const char *how, const char *line)
{
	static const struct {
		const char *how, *from, *to;
	} edits[] = {
		{"wrong-id", "{\"id\":", "{\"id\":9"},
		{"no-id", "{\"id\":", "{\"i\":"},
		{"type", "\"runs\":", "\"runs\":[],\"was\":"},
		{"range", "\"ret\":", "\"ret\":99999999999999999999,\"was\":"},
		{"unsigned", "\"ret\":", "\"ret\":18446744073709551615,\"was\":"},
		{"fraction", "\"ret\":", "\"ret\":0.5,\"was\":"},
		{"missing", "\"ret\":", "\"was\":"},
		{"hex-odd", "\"optval\":\"", "\"optval\":\"0"},
		{"hex-digit", "\"optval\":\"0", "\"optval\":\"g"},
		{"hex-short", "\"optval\":\"11", "\"optval\":\""},
		{"slot", "\"slot\":0", "\"slot\":4"},
		{"more-runs", "\"runs\":1", "\"runs\":2"},
		{"few-replies", "\"replies\":[{", "\"replies\":[],\"were\":[{"},
		{"no-replies", "\"replies\":", "\"answers\":"},
		{"protocol", "\"protocol\":1", "\"protocol\":2"},
		{"page-size", "\"page_size\":4096", "\"page_size\":5000"},
		{"late-skip", "\"replies\":[{", "\"replies\":[{\"skip\":\"too late\","},
		{"call-error", "\"replies\":[{", "\"replies\":[{\"error\":\"the machine is on fire\","},
		{"begin-error", "{\"new\":true}", "{\"error\":\"no memory\"}"},
		{"refuses", "{\"id\":", "{\"error\":\"did not like it\",\"id\":"},
		{"unclosed", "]}\n", "\n"},
		{"trailing", "]}\n", "]} {}\n"},
	};

	if (!strcmp(how, "silent"))
		pause();
	if (!strcmp(how, "dies"))
		exit(3);
	if (!strcmp(how, "killed"))
		raise(SIGKILL);
	if (!strcmp(how, "slow"))
		for (; *line; line++, usleep(300000)) {
			putchar(*line);
			fflush(stdout);
		}
	if (!strcmp(how, "garbage"))
		puts("Welcome to \033[1mthis machine\033[m!");
	else if (!strcmp(how, "empty"))
		putchar('\n');
	else if (!strcmp(how, "nul"))
		fwrite("{\"id\"\0:2}\n", 1, 10, stdout);
	else if (!strcmp(how, "deep"))
		for (int i = 0; i < 200000; i++)
			putchar(i < 199999 ? '[' : '\n');
	else if (!strcmp(how, "long"))
		for (unsigned i = 0; i < 1 << 26; i++)
			putchar('x');
	else
		for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++)
			if (!strcmp(how, edits[i].how))
				replaced(line, edits[i].from, edits[i].to);
}

/* The server runs in a child; its lines pass through here. */
static int serve_broken(const struct options *opts, const struct wire_host *host)
{
	int fd[2], status;
	char *line = NULL;
	size_t cap = 0;
	unsigned n = 0;
	FILE *from;

	if (pipe(fd))
		return 9;
	if (!fork()) {
		close(fd[0]);
		close(STDOUT_FILENO); /* its end is ours to say */
		exit(wire_serve(STDIN_FILENO, fd[1], host) != 0);
	}
	close(fd[1]);
	from = fdopen(fd[0], "r");
	while (from && getline(&line, &cap, from) > 0) {
		if (++n == opts->line)
			spoil(opts->broken, line);
		else
			fputs(line, stdout);
		fflush(stdout);
	}
	wait(&status);
	free(line);
	return 0;
}

/* ---- a series ---- */

struct series {
	bool wanted, reveal;
	uint64_t seed;
	unsigned kernel, of, delay;
	unsigned culprit, dead, flaky;
};

/* Returns an exit code if that is all, else -1 with the bug of this kernel in opts. */
static int play(struct series *s, struct options *opts)
{
	struct rng rng;

	rng_seed(&rng, s->seed, 0);
	s->culprit = 2 + rng_below(&rng, s->of - 1);
	s->dead = 2 + rng_below(&rng, s->of - 2);
	s->flaky = s->culprit + rng_below(&rng, s->of - s->culprit + 1);
	if (s->reveal) {
		printf("%u %u %u\n", s->culprit, s->dead, s->flaky);
		return 0;
	}
	usleep(s->delay * 1000);
	if (s->kernel == s->dead)
		return 3;
	if (s->kernel < s->culprit)
		opts->bug = BUG_NONE;
	else if (!opts->bug)
		opts->bug = ERRNO;
	opts->sometimes = opts->bug && s->kernel == s->flaky;
	return -1;
}

int main(int argc, char **argv)
{
	struct options opts = {.line = 2};
	struct series series = {.of = 32};
	struct wire_host host = {.name = "hookdiff example", .open = fake_open, .arg = &opts};
	char *at;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--any-option")) {
			opts.any_option = true;
		} else if (!strcmp(argv[i], "--profile") && i + 1 < argc) {
			opts.profile = argv[++i];
		} else if (!strcmp(argv[i], "--break") && i + 1 < argc) {
			opts.broken = argv[++i];
			at = strchr(argv[i], '@');
			if (at) {
				*at = 0;
				opts.line = (unsigned)atoi(at + 1);
			}
		} else if (!strcmp(argv[i], "--series") && i + 1 < argc) {
			series.wanted = true;
			series.seed = strtoull(argv[++i], NULL, 10);
		} else if (!strcmp(argv[i], "--kernel") && i + 1 < argc) {
			series.kernel = (unsigned)atoi(argv[++i]);
		} else if (!strcmp(argv[i], "--of") && i + 1 < argc) {
			series.of = (unsigned)atoi(argv[++i]);
		} else if (!strcmp(argv[i], "--delay") && i + 1 < argc) {
			series.delay = (unsigned)atoi(argv[++i]);
		} else if (!strcmp(argv[i], "--reveal")) {
			series.reveal = true;
		} else if (!strcmp(argv[i], "--bug") && i + 1 < argc) {
			for (opts.bug = 0; opts.bug < BUG_COUNT && strcmp(bugs[opts.bug], argv[i + 1]);
			     opts.bug++)
				;
			i++;
		}
		if (opts.bug == BUG_COUNT) {
			fprintf(stderr, "fake_backend: unknown bug '%s'\n", argv[i]);
			return 64;
		}
	}
	if (series.wanted) {
		int code = play(&series, &opts);

		if (code >= 0)
			return code;
	}
	if (opts.broken)
		return serve_broken(&opts, &host);
	return wire_serve(STDIN_FILENO, STDOUT_FILENO, &host) ? 2 : 0;
}
