/* SPDX-License-Identifier: MIT */
/* The crew of a campaign: programs that end well, die, hang and leave children; folders of inputs. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/base/clock.h"
#include "harness/crew/crew.h"
#include "harness/crew/harvest.h"
#include "harness/kernels/files.h"

static char folder[] = "crew-test-XXXXXX";

static char *path(const char *name)
{
	static char out[4][256];
	static unsigned turn;
	char *p = out[turn++ % 4];

	snprintf(p, sizeof(out[0]), "%s/%s", folder, name);
	return p;
}

static int make_folder(void **state)
{
	if (!mkdtemp(folder) || mkdir(path("logs"), 0755) || mkdir(path("pulses"), 0755))
		return -1;
	return 0;
}

static int drop_folder(void **state)
{
	return dir_remove(folder);
}

static void write_file(const char *where, const char *text)
{
	FILE *f = fopen(where, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

/* ---- workers ---- */

static void shell(struct worker *w, const char *script)
{
	struct command c = {0};

	command_arg(&c, "sh");
	command_arg(&c, "-c");
	command_arg(&c, "%s", script);
	command_env(&c, "CREW_TEST=here");
	assert_int_equal(worker_start(w, &c), 0);
	command_fini(&c);
}

static enum worker_event look_until(struct worker *w, double seconds)
{
	double until = clock_now() + seconds;
	enum worker_event e;

	while (!(e = worker_look(w)) && clock_now() < until)
		usleep(5000);
	return e;
}

static void a_round_ends(void **state)
{
	struct worker w;

	assert_int_equal(worker_init(&w, "round", folder), 0);
	w.fine = 7;
	shell(&w, "exit 0");
	assert_int_equal(look_until(&w, 5), WORKER_ENDED);
	assert_true(worker_ready(&w));
	shell(&w, "exit 7");
	assert_int_equal(look_until(&w, 5), WORKER_ENDED);
	assert_int_equal(w.deaths, 0);
	assert_int_equal(w.starts, 2);
	worker_fini(&w);
}

static void a_death_is_told_and_mended(void **state)
{
	struct worker w;

	assert_int_equal(worker_init(&w, "death", folder), 0);
	shell(&w, "echo one; echo \"last words: $CREW_TEST\"; exit 3");
	assert_int_equal(look_until(&w, 5), WORKER_DIED);
	assert_string_equal(w.why, "ended with status 3: last words: here");
	assert_int_equal(w.state, WORKER_WAITS);
	assert_false(worker_ready(&w)); /* not at once: it may die again */
	w.again = 0;
	assert_true(worker_ready(&w));
	shell(&w, "kill -9 $$");
	assert_int_equal(look_until(&w, 5), WORKER_DIED);
	assert_non_null(strstr(w.why, "ended by signal 9"));
	worker_fini(&w);
}

static void who_dies_in_vain_is_given_up(void **state)
{
	struct worker w;
	unsigned i;

	assert_int_equal(worker_init(&w, "vain", folder), 0);
	for (i = 0; w.state != WORKER_GIVEN_UP && i < 100; i++) {
		if (i == 3) /* one that made a case did not die in vain: the count begins anew */
			pulse_add(&w.pulse->cases, 1);
		shell(&w, "exit 1");
		if (i == 3)
			pulse_add(&w.pulse->cases, 1);
		assert_int_equal(look_until(&w, 5), WORKER_DIED);
	}
	assert_int_equal(i, 3 + 1 + WORKER_TRIES);
	assert_false(worker_ready(&w));
	worker_fini(&w);
}

static void what_it_started_goes_with_it(void **state)
{
	struct worker w;
	char text[32] = "";
	FILE *f = NULL;
	pid_t child;

	assert_int_equal(worker_init(&w, "group", folder), 0);
	snprintf(text, sizeof(text), "%s", "");
	unlink(path("child"));
	char script[300];

	snprintf(script, sizeof(script), "sleep 1000 & echo $! >%s; mv %s %s; wait", path("part"),
		 path("part"), path("child"));
	shell(&w, script);
	for (unsigned i = 0; i < 1000 && !(f = fopen(path("child"), "r")); i++)
		usleep(5000);
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%d", &child), 1);
	fclose(f);
	worker_stop(&w, true);
	assert_int_equal(look_until(&w, 5), WORKER_ENDED); /* it was told to */
	assert_int_equal(w.deaths, 0);
	for (unsigned i = 0; i < 400 && !kill(child, 0); i++) {
		char stat[64], state_letter = 0;

		/* a zombie that nobody has waited for is dead as well */
		snprintf(stat, sizeof(stat), "/proc/%d/stat", child);
		f = fopen(stat, "r");
		if (!f || (fscanf(f, "%*d %*s %c", &state_letter) == 1 && state_letter == 'Z')) {
			if (f)
				fclose(f);
			break;
		}
		fclose(f);
		usleep(5000);
		assert_int_not_equal(i, 399);
	}
	worker_fini(&w);
}

static void who_stands_still_is_killed(void **state)
{
	struct worker w;

	assert_int_equal(worker_init(&w, "still", folder), 0);
	shell(&w, "exec sleep 1000");
	assert_int_equal(worker_look(&w), WORKER_NOTHING);
	w.since -= WORKER_START - 1;
	assert_int_equal(worker_look(&w), WORKER_NOTHING);
	pulse_add(&w.pulse->cases, 1); /* it moved */
	assert_int_equal(worker_look(&w), WORKER_NOTHING);
	w.since -= WORKER_STALL + 1;
	assert_int_equal(worker_look(&w), WORKER_DIED);
	assert_non_null(strstr(w.why, "no case for too long"));
	worker_fini(&w);
}

static void logs_do_not_grow_for_ever(void **state)
{
	struct worker w;
	struct stat st;

	assert_int_equal(worker_init(&w, "long", folder), 0);
	write_file(path("logs/long.log"), "");
	for (unsigned i = 0; i < 2; i++) { /* at the limit it stays, above it goes */
		assert_int_equal(truncate(path("logs/long.log"), WORKER_LOG + (off_t)i), 0);
		shell(&w, "exit 0");
		assert_int_equal(look_until(&w, 5), WORKER_ENDED);
		assert_int_equal(stat(path("logs/long.log.old"), &st), i ? 0 : -1);
	}
	assert_int_equal(st.st_size, WORKER_LOG + 1);
	assert_int_equal(stat(path("logs/long.log"), &st), 0);
	assert_int_equal(st.st_size, 0);
	worker_fini(&w);
}

static void no_such_program(void **state)
{
	struct worker w;
	struct command c = {0};

	assert_int_equal(worker_init(&w, "none", folder), 0);
	command_arg(&c, "./there-is-no-such-program");
	assert_int_equal(worker_start(&w, &c), 0);
	command_fini(&c);
	assert_int_equal(look_until(&w, 5), WORKER_DIED);
	assert_string_equal(
		w.why,
		"ended with status 127: cannot start ./there-is-no-such-program: No such file or directory");
	for (unsigned i = 0; i < 2 * WORKER_ARGS; i++)
		command_arg(&c, "%u", i);
	assert_true(c.failed);
	assert_int_equal(worker_start(&w, &c), -E2BIG);
	command_fini(&c);
	worker_fini(&w);
}

static unsigned times(const struct command *c, const char *word)
{
	unsigned n = 0;

	for (unsigned i = 0; i < c->n_args && strcmp(c->argv[i], "--"); i++)
		n += !strcmp(c->argv[i], word);
	return n;
}

/* Every guest of a campaign is unlocked or none is: what one keeps another must be able to run. */
static void unsafe_is_for_all_guests(void **state)
{
	const char *from[] = {"start"};
	struct place p = {.self = "hookdiff",
			  .folder = "/c",
			  .drivers = "/d",
			  .target = "fuzz_kernel",
			  .kernel = "build:x",
			  .profile = "v7.2",
			  .machine = "m",
			  .name = "one"};

	for (unsigned unsafe = 0; unsafe < 2; unsafe++) {
		struct command c[3] = {{.n_args = 0}};

		p.unsafe = unsafe;
		engine_at(ENGINE_BULK)->command(&p, &c[0]);
		engine_at(ENGINE_LIBFUZZER)->command(&p, &c[1]);
		engine_merge(&p, &c[2], "to", from, 1);
		for (unsigned i = 0; i < 3; i++) {
			assert_int_equal(times(&c[i], "--kernel"), 1);
			assert_int_equal(times(&c[i], "--unsafe"), unsafe);
			command_fini(&c[i]);
		}
	}
}

/* A guest's counters begin at 0 with each command, and arrive as text. */
static void a_pulse_follows_a_guest(void **state)
{
	static const char *const bad[] = {"",
					  "1",
					  "1 2 3 4 5 6 7",
					  "1 2 3 4 5 6 7 8 9",
					  "1 2 3 4 5 6 7 8 ",
					  "1 2 3 -4 5 6 7 8",
					  "1 2 3 4 5 6 7 99999999999999999999"};
	struct pulse_counts a = {1, 20, 3, 4, {1, 0, 0, 0}}, b = {5, 21, 3, 4, {3, 0, 0, 1ull << 63}}, c;
	struct pulse p = {0};
	char text[PULSE_TEXT];

	pulse_print(&b, text);
	assert_true(pulse_scan(text, &c));
	assert_memory_equal(&b, &c, sizeof(b));
	memset(&c, 0xff, sizeof(c)); /* the longest there is */
	pulse_print(&c, text);
	assert_true(pulse_scan(text, &a));
	assert_memory_equal(&a, &c, sizeof(a));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(pulse_scan(bad[i], &c));
	a = (struct pulse_counts){1, 20, 3, 4, {1, 0, 0, 0}};
	pulse_follow(&p, &(struct pulse_counts){0}, &a);
	pulse_follow(&p, &a, &b);
	pulse_follow(&p, &b, &a); /* one that goes back adds nothing */
	c = pulse_look(&p);
	assert_memory_equal(&b, &c, sizeof(b));
}

static void inputs_that_crashed_are_left_out(void **state)
{
	assert_int_equal(mkdir(path("given"), 0755), 0);
	write_file(path("given/good"), "a good one");
	write_file(path("given/deadly"), "a deadly one");
	assert_int_equal(mkdir(path("died"), 0755), 0);
	write_file(path("died/panic-input"), "a deadly one");
	assert_int_equal(corpus_add(path("kept"), path("given")), 2);
	assert_int_equal(corpus_add(path("crashed"), path("died")), 1);
	corpus_remove(path("kept"), path("crashed"));
	assert_int_equal(corpus_count(path("kept")), 1);
	assert_int_equal(corpus_add(path("kept"), path("given")), 1); /* it was the deadly one */
	corpus_remove(path("nowhere"), path("crashed"));
	corpus_remove(path("kept"), path("nowhere"));
	assert_int_equal(corpus_count(path("kept")), 2);
}

static void no_crash_if_it_only_took_long(void **state)
{
	assert_int_equal(mkdir(path("left"), 0755), 0);
	write_file(path("left/crash-1"), "one");
	write_file(path("left/timeout-2"), "two");
	write_file(path("left/slow-unit-3"), "three");
	write_file(path("left/oom-4"), "four");
	write_file(path("left/panic-input"), "five");
	assert_int_equal(corpus_add_crashes(path("of-crashes"), path("left")), 2);
	assert_int_equal(corpus_add_stalls(path("of-stalls"), path("left")), 3);
}

static void age_all(const char *in, long age)
{
	const struct timespec at[2] = {{.tv_sec = time(NULL) - age}, {.tv_sec = time(NULL) - age}};
	DIR *d = opendir(in);
	struct dirent *e;

	assert_non_null(d);
	while ((e = readdir(d)))
		assert_int_equal(utimensat(dirfd(d), e->d_name, at, 0), 0);
	closedir(d);
}

/* What a card says stays true when the finding is moved out of its guest's folder. */
static void a_card_moves_with_its_finding(void **state)
{
	struct crew_opts o = {.place = {.folder = folder, .kernel = "x"}};
	struct crew c = {.o = &o, .ended = true};
	char said[400], want[400], got[400] = "";
	FILE *f;

	assert_int_equal(mkdir(path("vm"), 0755), 0);
	assert_int_equal(mkdir(path("vm/g"), 0755), 0);
	assert_int_equal(mkdir(path("vm/g/drive-2"), 0755), 0);
	assert_int_equal(mkdir(path("vm/g/drive-2/findings"), 0755), 0);
	assert_int_equal(mkdir(path("vm/g/drive-2/findings/x.y"), 0755), 0);
	assert_int_equal(mkdir(path("findings"), 0755), 0);
	snprintf(said, sizeof(said), "one\nreproduce: run %s/case.case\nend",
		 path("vm/g/drive-2/findings/x.y"));
	snprintf(want, sizeof(want), "one\nreproduce: run %s/case.case\nend", path("findings/x.y"));
	write_file(path("vm/g/drive-2/findings/x.y/card.txt"), said);
	harvest_findings(&c);
	assert_int_equal(c.findings, 1);
	f = fopen(path("findings/x.y/card.txt"), "re");
	assert_non_null(f);
	got[fread(got, 1, sizeof(got) - 1, f)] = 0;
	fclose(f);
	assert_string_equal(got, want);
	dir_remove(path("vm"));
	dir_remove(path("findings"));
}

/* What a merge left out goes; what was found while it ran stays, and what it kept. */
static void a_merge_makes_live_small(void **state)
{
	static const char *const old[] = {"in/0", "in/1", "in/2"};
	struct crew_opts o = {.place = {.folder = folder, .kernel = "x"}};
	struct crew c = {.o = &o};
	long began = (long)time(NULL);

	assert_int_equal(mkdir(path("vm"), 0755), 0);
	assert_int_equal(mkdir(path("vm/w"), 0755), 0);
	assert_int_equal(mkdir(path("vm/w/drive-1"), 0755), 0);
	assert_int_equal(mkdir(path("vm/w/drive-1/spool"), 0755), 0);
	assert_int_equal(mkdir(path("in"), 0755), 0);
	for (unsigned i = 0; i < 3; i++)
		write_file(path(old[i]), old[i]);
	assert_int_equal(corpus_add(path("live"), path("in")), 3);
	age_all(path("live"), 100);
	write_file(path("in/new"), "found meanwhile");
	assert_int_equal(corpus_add(path("live"), path("in")), 1);
	write_file(path("vm/w/drive-1/spool/any-name"), old[1]);
	write_file(path("vm/w/drive-1/spool/other"), "of start/");
	harvest_swap(&c, "w", began);
	assert_int_equal(corpus_count(path("live")), 3);
	assert_int_equal(corpus_add(path("live"), path("vm/w/drive-1/spool")), 0);
	assert_int_equal(unlink(path("in/0")), 0);
	assert_int_equal(unlink(path("in/2")), 0);
	assert_int_equal(corpus_add(path("live"), path("in")), 0);
	dir_remove(path("vm/w"));
	harvest_swap(&c, "w", (long)time(NULL) + 100); /* nothing was kept: nothing is dropped */
	assert_int_equal(corpus_count(path("live")), 3);
	assert_false(harvest_swollen(&c));
}

static void a_pulse_is_joined(void **state)
{
	struct worker w;
	struct pulse *p;
	char text[300];

	assert_int_equal(worker_init(&w, "pulse", folder), 0);
	unsetenv(PULSE_ENV);
	assert_null(pulse_join());
	setenv(PULSE_ENV, path("pulses/pulse"), 1);
	p = pulse_join();
	assert_non_null(p);
	pulse_add(&p->cases, 41);
	pulse_clauses(p, 1, 6);
	pulse_clauses(p, 1, 8);
	assert_int_equal(atomic_load(&w.pulse->cases), 41);
	assert_int_equal(atomic_load(&w.pulse->clauses[1]), 14);
	assert_false(pulse_orphaned(p));
	p->owner = 0x7ffffffe; /* above every pid_max */
	assert_true(pulse_orphaned(p));
	pulse_free(p);
	snprintf(text, sizeof(text), "%s", path("not-a-pulse"));
	write_file(text, "something else");
	setenv(PULSE_ENV, text, 1);
	assert_null(pulse_join());
	unsetenv(PULSE_ENV);
	worker_fini(&w);
}

/* ---- corpora ---- */

static void folders_are_unions(void **state)
{
	assert_int_equal(mkdir(path("a"), 0755), 0);
	assert_int_equal(mkdir(path("b"), 0755), 0);
	write_file(path("a/one"), "1");
	write_file(path("a/same"), "1");
	write_file(path("a/two"), "2");
	write_file(path("a/.part"), "unfinished");
	write_file(path("a/empty"), "");
	assert_int_equal(mkdir(path("a/folder"), 0755), 0);
	assert_int_equal(symlink("two", path("a/link")), 0);
	write_file(path("b/two"), "2");
	write_file(path("b/three"), "3");
	assert_int_equal(corpus_add(path("u"), path("a")), 2);
	assert_int_equal(corpus_add(path("u"), path("a")), 0);
	assert_int_equal(corpus_add(path("u"), path("b")), 1);
	assert_int_equal(corpus_count(path("u")), 3);
	assert_int_equal(corpus_add(path("u"), path("no-such-folder")), 0);
	assert_int_equal(corpus_count(path("no-such-folder")), 0);
	assert_true(corpus_add(path("no/such/place"), path("a")) < 0);
	/* two machines, each of which has seen the other's: nothing is added any more */
	assert_int_equal(corpus_add(path("v"), path("b")), 2);
	assert_int_equal(corpus_add(path("v"), path("u")), 1);
	assert_int_equal(corpus_add(path("u"), path("v")), 0);
}

static void queues_go_to_other_machines(void **state)
{
	assert_int_equal(dir_make(path("afl/one-afl-1/queue/.state")), 0);
	assert_int_equal(dir_make(path("afl/one-afl-2/queue")), 0);
	assert_int_equal(dir_make(path("afl/two-afl-1/queue")), 0);
	write_file(path("afl/one-afl-1/queue/id:000000,orig:x"), "x");
	write_file(path("afl/one-afl-1/queue/id:000001,src:000000"), "y");
	write_file(path("afl/one-afl-2/queue/id:000000,orig:x"), "x");
	write_file(path("afl/two-afl-1/queue/id:000000,orig:z"), "z");
	write_file(path("afl/one-afl-1/queue/README"), "no input");
	assert_int_equal(corpus_copy_queues(path("shared"), path("afl"), "one", false), 3);
	assert_int_equal(corpus_copy_queues(path("shared"), path("afl"), "one", false), 0);
	assert_int_equal(access(path("shared/one-afl-1/queue/id:000001,src:000000"), F_OK), 0);
	assert_int_not_equal(access(path("shared/two-afl-1"), F_OK), 0);
	assert_int_equal(corpus_copy_queues(path("elsewhere"), path("shared"), "two", true), 3);
	assert_int_equal(corpus_copy_queues(path("elsewhere"), path("shared"), "one", true), 0);
	assert_int_equal(corpus_add_queues(path("live"), path("afl"), NULL), 4); /* x, y, README, z */
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_round_ends),
		cmocka_unit_test(a_death_is_told_and_mended),
		cmocka_unit_test(who_dies_in_vain_is_given_up),
		cmocka_unit_test(what_it_started_goes_with_it),
		cmocka_unit_test(who_stands_still_is_killed),
		cmocka_unit_test(logs_do_not_grow_for_ever),
		cmocka_unit_test(no_such_program),
		cmocka_unit_test(unsafe_is_for_all_guests),
		cmocka_unit_test(a_pulse_is_joined),
		cmocka_unit_test(a_pulse_follows_a_guest),
		cmocka_unit_test(inputs_that_crashed_are_left_out),
		cmocka_unit_test(no_crash_if_it_only_took_long),
		cmocka_unit_test(a_card_moves_with_its_finding),
		cmocka_unit_test(a_merge_makes_live_small),
		cmocka_unit_test(folders_are_unions),
		cmocka_unit_test(queues_go_to_other_machines),
	};

	return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
