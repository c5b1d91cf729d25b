/* SPDX-License-Identifier: MIT */
/* Fragments of a kernel's configuration, copies of a source that patches change, mutants (harness/build,
 * harness/mutants). */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/build/build.h"
#include "harness/build/fragment.h"
#include "harness/build/make.h"
#include "harness/build/source.h"
#include "harness/build/unpack.h"
#include "harness/build/work.h"
#include "harness/kernels/files.h"
#include "harness/mutants/hunt.h"
#include "harness/mutants/mutant.h"

static char dir[64];

static int setup(void **state)
{
	snprintf(dir, sizeof(dir), "/tmp/hookdiff-build.XXXXXX");
	return !mkdtemp(dir);
}

static int teardown(void **state)
{
	return dir_remove(dir);
}

static const char *at(const char *name)
{
	static char path[4][PATH_MAX];
	static unsigned i;

	i = (i + 1) % 4;
	snprintf(path[i], sizeof(path[i]), "%s/%s", dir, name);
	return path[i];
}

static void put(const char *name, const char *text)
{
	char parent[PATH_MAX];

	snprintf(parent, sizeof(parent), "%s", at(name));
	*strrchr(parent, '/') = 0;
	assert_int_equal(dir_make(parent), 0);
	assert_int_equal(file_write(at(name), text, strlen(text)), 0);
}

static void is(const char *name, const char *text)
{
	struct buf b = {0};

	assert_int_equal(file_read(at(name), &b), 0);
	assert_string_equal(buf_str(&b), text);
	buf_fini(&b);
}

/* ---- fragments ---- */

static bool knows_all(void *arg, const char *option)
{
	return true;
}

static bool knows_none(void *arg, const char *option)
{
	return false;
}

static void parse(struct fragments *f, const char *text)
{
	char why[256] = "";

	*f = (struct fragments){0};
	assert_int_equal(fragment_parse(f, "t", text, why, sizeof(why)), 0);
}

static void a_fragment_is_read(void **state)
{
	struct fragments f;
	struct buf out = {0};

	parse(&f,
	      "# a comment, CONFIG_A is not set\nCONFIG_A=y   # reason\n\n?CONFIG_B=\"a # b\"\nCONFIG_N=12\n"
	      "# CONFIG_C is not set # reason\nCONFIG_A=n\n@KCOV_x.o=y # make\n");
	fragment_print(&f, &out);
	assert_string_equal(buf_str(&out),
			    "CONFIG_A=n\nCONFIG_B=\"a # b\"\nCONFIG_N=12\n# CONFIG_C is not set\n");
	assert_int_equal(f.n_make, 1);
	assert_string_equal(f.make.p, "KCOV_x.o=y");
	fragment_fini(&f);
	buf_fini(&out);
}

static void nonsense_is_refused(void **state)
{
	static const char *const bad[] = {"CONFIG_A",
					  "A=y",
					  "CONFIG_A=y z",
					  "CONFIG_A=",
					  "CONFIG_A=\"open",
					  "# CONFIG_A is not set z",
					  "@=y",
					  "? CONFIG_A=y",
					  "CONFIG_A =y"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct fragments f = {0};
		char why[256] = "";

		assert_int_equal(fragment_parse(&f, "t", bad[i], why, sizeof(why)), -EINVAL);
		assert_non_null(strstr(why, "t:1:"));
		fragment_fini(&f);
	}
}

static void what_kconfig_dropped_is_noticed(void **state)
{
	struct fragments f;
	char why[256] = "";

	parse(&f, "CONFIG_A=y\n?CONFIG_B=y\n# CONFIG_C is not set\nCONFIG_D=12\n");
	assert_true(fragment_took(&f, "CONFIG_A=y\nCONFIG_D=12\n", knows_all, NULL, why, sizeof(why)));
	assert_true(fragment_took(&f, "CONFIG_A=y\nCONFIG_B=1\nCONFIG_D=12\n", knows_all, NULL, why,
				  sizeof(why)));
	assert_false(fragment_took(&f, "CONFIG_A=y\n", knows_all, NULL, why, sizeof(why)));
	assert_non_null(strstr(why, "CONFIG_D"));
	/* An older series has no such option: no loss. Another value is one, whoever knows it. */
	assert_true(fragment_took(&f, "CONFIG_A=y\n", knows_none, NULL, why, sizeof(why)));
	assert_false(fragment_took(&f, "CONFIG_A=y\nCONFIG_D=1\n", knows_none, NULL, why, sizeof(why)));
	assert_false(fragment_took(&f, "CONFIG_A=y\nCONFIG_D=12\nCONFIG_C=y\n", knows_all, NULL, why,
				   sizeof(why)));
	assert_false(fragment_took(&f, "CONFIG_A=m\nCONFIG_D=12\n", knows_all, NULL, why, sizeof(why)));
	assert_false(
		fragment_took(&f, "# CONFIG_A is not set\nCONFIG_D=12\n", knows_all, NULL, why, sizeof(why)));
	fragment_fini(&f);
}

static void our_fragments_are_sound(void **state)
{
	struct fragments f = {0};
	char why[256] = "";
	unsigned files = 0;

	for (const struct fragment_file *file = fragment_files; file->name; file++, files++)
		assert_int_equal(fragment_parse(&f, file->name, file->text, why, sizeof(why)), 0);
	assert_true(files >= 7);
	fragment_fini(&f);
}

/* scripts/Makefile.lib asks for KCOV_INSTRUMENT_STEM.o; without one of these lines nothing is instrumented.
 */
static void coverage_is_of_the_hooks(void **state)
{
	static const char *const stems[] = {"cgroup", "socket", "sock", "tcp", "ip_sockglue", "sockopt"};
	const struct fragment_file *file = fragment_files;
	struct fragments f;
	const char *v;
	unsigned found = 0;

	while (file->name && strcmp(file->name, "kcov"))
		file++;
	assert_non_null(file->name);
	parse(&f, file->text);
	v = f.make.p;
	for (unsigned i = 0; i < f.n_make; i++, v += strlen(v) + 1) {
		const char *stem = v + strlen("KCOV_INSTRUMENT_"), *end = strstr(v, ".o=y");

		assert_int_equal(strncmp(v, "KCOV_INSTRUMENT_", strlen("KCOV_INSTRUMENT_")), 0);
		assert_true(end > stem && !end[4]);
		for (size_t k = 0; k < sizeof(stems) / sizeof(stems[0]); k++)
			found |= strlen(stems[k]) == (size_t)(end - stem) &&
						 !strncmp(stem, stems[k], strlen(stems[k]))
					 ? 1u << k
					 : 0;
	}
	assert_int_equal(found, (1u << sizeof(stems) / sizeof(stems[0])) - 1);
	fragment_fini(&f);
}

/* ---- sources ---- */

static void make_tree(const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/Makefile", name);
	put(path, "VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 7\nEXTRAVERSION = -rc1\nall:\n");
	snprintf(path, sizeof(path), "%s/Kconfig", name);
	put(path, "menuconfig NET\n\tbool\nconfig INET\n\tbool\n\tselect XCONFIG\n");
	snprintf(path, sizeof(path), "%s/net/socket.c", name);
	put(path, "one\ntwo\nthree\n");
	snprintf(path, sizeof(path), "%s/net/old.c", name);
	put(path, "gone\n");
}

static void a_tree_is_known(void **state)
{
	struct source_tree t;
	char why[512] = "", version[96];

	make_tree("linux");
	assert_true(source_version(at("linux"), version, sizeof(version)));
	assert_string_equal(version, "6.12.7-rc1");
	assert_int_equal(source_get(at("linux"), &t, true, why, sizeof(why)), IMAGE_OK);
	assert_string_equal(t.name, "linux");
	assert_string_equal(t.id, "");
	assert_int_equal(source_get(dir, &t, true, why, sizeof(why)), IMAGE_ERROR);
	assert_int_equal(source_get("nonsense", &t, true, why, sizeof(why)), IMAGE_ERROR);
	assert_true(source_knows(at("linux"), "CONFIG_NET"));
	assert_true(source_knows(at("linux"), "CONFIG_INET"));
	assert_false(source_knows(at("linux"), "CONFIG_INE"));
	assert_false(source_knows(at("linux"), "CONFIG_XCONFIG"));
}

static void what_an_option_depends_on_is_read(void **state)
{
	put("linux/net/Kconfig", "config JIT\n\tbool \"JIT\"\n\tdepends on BPF\n\n\tdepends on "
				 "MODULES\nconfig JIT_ON\n\tbool\n\tdepends on JIT || "
				 "NET\n# x\n\tdepends on OTHER\n");
	assert_true(source_depends(at("linux"), "net/Kconfig", "JIT", "MODULES"));
	assert_true(source_depends(at("linux"), "net/Kconfig", "JIT", "BPF"));
	assert_false(source_depends(at("linux"), "net/Kconfig", "JIT", "MODULE"));
	assert_false(source_depends(at("linux"), "net/Kconfig", "JIT", "JIT || NET")); /* of the next one */
	assert_true(source_depends(at("linux"), "net/Kconfig", "JIT_ON", "JIT || NET"));
	assert_false(source_depends(at("linux"), "net/Kconfig", "JIT_ON", "NET"));
	assert_false(source_depends(at("linux"), "net/Kconfig", "NONE", "NET"));
	assert_false(source_depends(at("linux"), "none/Kconfig", "JIT", "MODULES"));
}

static void a_tarball_is_unpacked(void **state)
{
	char command[3 * PATH_MAX], why[512] = "", version[96];

	make_tree("linux-6.12");
	put("linux-6.12/arch/arm/kernel/head.S", "x");
	put("linux-6.12/arch/arm/Kconfig", "x");
	put("linux-6.12/arch/x86/head.S", "x");
	put("linux-6.12/sound/core.c", "x");
	snprintf(command, sizeof(command), "tar -C %s -cJf %s linux-6.12", dir, at("l.tar.xz"));
	assert_int_equal(system(command), 0);
	assert_int_equal(dir_make(at("to")), 0);
	assert_int_equal(unpack_source(at("l.tar.xz"), at("to"), why, sizeof(why)), 0);
	assert_true(source_version(at("to"), version, sizeof(version)));
	assert_int_equal(access(at("to/arch/x86/head.S"), F_OK), 0);
	assert_int_equal(access(at("to/arch/arm/Kconfig"), F_OK), 0);
	assert_int_not_equal(access(at("to/arch/arm/kernel/head.S"), F_OK), 0);
	assert_int_not_equal(access(at("to/sound/core.c"), F_OK), 0);
}

/* Names that climb out of the folder, and links that lead out of it. */
static void a_hostile_tarball_stays_inside(void **state)
{
	char command[3 * PATH_MAX], why[512] = "";

	assert_int_equal(dir_make(at("in/l")), 0);
	put("in/x", "x");
	snprintf(command, sizeof(command),
		 "cd %s/in/l && tar --transform 's,^,l/../../../,' -Pcf %s ../x 2>/dev/null", dir,
		 at("up.tar"));
	assert_int_equal(system(command), 0);
	assert_int_equal(dir_make(at("to/deep")), 0);
	assert_int_not_equal(unpack_source(at("up.tar"), at("to/deep"), why, sizeof(why)), 0);
	assert_int_not_equal(access(at("x"), F_OK), 0);
	snprintf(command, sizeof(command),
		 "cd %s/in && ln -s %s l/link && tar -cf %s l && mkdir m && mkdir -p m/l/link && echo x > "
		 "m/l/link/y && "
		 "tar -C m -rf %s l/link/y",
		 dir, dir, at("link.tar"), at("link.tar"));
	assert_int_equal(system(command), 0);
	assert_int_equal(dir_make(at("to/other")), 0);
	unpack_source(at("link.tar"), at("to/other"), why, sizeof(why));
	assert_int_not_equal(access(at("y"), F_OK), 0);
	put("no.tar", "this is no archive");
	assert_int_not_equal(unpack_source(at("no.tar"), at("to/other"), why, sizeof(why)), 0);
	assert_true(*why);
}

/* ---- copies that patches change ---- */

static const char change_two[] =
	"What: two\n--- a/net/socket.c\n+++ b/net/socket.c\n@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n";
static const char new_and_gone[] = "--- /dev/null\n+++ b/net/new.c\n@@ -0,0 +1 @@\n+new\n--- "
				   "a/net/old.c\n+++ /dev/null\n@@ -1 +0,0 @@\n-gone\n";

static int prepare(const char *const *patch, unsigned n, char *why)
{
	char source[PATH_MAX], work[PATH_MAX], log[PATH_MAX];

	snprintf(source, sizeof(source), "%s", at("linux"));
	snprintf(work, sizeof(work), "%s", at("work"));
	snprintf(log, sizeof(log), "%s", at("log"));
	dir_make(work);
	*why = 0;
	return work_prepare(source, work, patch, n, log, why, 512);
}

static void patches_leave_the_source_alone(void **state)
{
	char why[512], a[PATH_MAX], b[PATH_MAX];
	const char *patch[2] = {a, b};
	struct stat before, after;

	if (!make_has("patch"))
		skip();
	make_tree("linux");
	put("a.patch", change_two);
	put("b.patch", new_and_gone);
	snprintf(a, sizeof(a), "%s", at("a.patch"));
	snprintf(b, sizeof(b), "%s", at("b.patch"));
	assert_int_equal(prepare(NULL, 0, why), 0);
	is("work/src/net/socket.c", "one\ntwo\nthree\n");
	assert_int_equal(stat(at("work/src/Makefile"), &before), 0);
	assert_int_equal(prepare(patch, 2, why), 0);
	is("work/src/net/socket.c", "one\n2\nthree\n");
	is("work/src/net/new.c", "new\n");
	assert_int_not_equal(access(at("work/src/net/old.c"), F_OK), 0);
	is("linux/net/socket.c", "one\ntwo\nthree\n");
	is("linux/net/old.c", "gone\n");
	assert_int_not_equal(access(at("linux/net/new.c"), F_OK), 0);
	/* And back, with a new time for what was changed: make must see it. */
	assert_int_equal(prepare(&patch[1], 1, why), 0);
	is("work/src/net/socket.c", "one\ntwo\nthree\n");
	assert_int_equal(stat(at("linux/net/socket.c"), &before), 0);
	assert_int_equal(stat(at("work/src/net/socket.c"), &after), 0);
	assert_true(after.st_mtim.tv_sec > before.st_mtim.tv_sec ||
		    after.st_mtim.tv_nsec > before.st_mtim.tv_nsec);
	assert_int_equal(prepare(NULL, 0, why), 0);
	is("work/src/net/old.c", "gone\n");
	assert_int_not_equal(access(at("work/src/net/new.c"), F_OK), 0);
}

static void a_patch_that_does_not_apply_leaves_none(void **state)
{
	char why[512], a[PATH_MAX], b[PATH_MAX];
	const char *patch[2] = {a, b};

	if (!make_has("patch"))
		skip();
	make_tree("linux");
	put("a.patch", change_two);
	put("b.patch", "--- a/net/socket.c\n+++ b/net/socket.c\n@@ -1,3 +1,3 @@\n six\n-seven\n+7\n eight\n");
	snprintf(a, sizeof(a), "%s", at("a.patch"));
	snprintf(b, sizeof(b), "%s", at("b.patch"));
	assert_int_equal(prepare(patch, 2, why), -EINVAL);
	assert_non_null(strstr(why, "b.patch"));
	is("work/src/net/socket.c", "one\ntwo\nthree\n");
	put("b.patch", "no diff at all\n");
	assert_int_equal(prepare(patch, 2, why), -EINVAL);
	put("b.patch", "--- a/../../x\n+++ b/../../x\n@@ -0,0 +1 @@\n+x\n");
	assert_int_equal(prepare(&patch[1], 1, why), -EINVAL);
	assert_int_not_equal(access(at("x"), F_OK), 0);
}

/* ---- builds, by a make and a compiler of ours ---- */

/* Notes its words; "configures" what is asked for; waits for a file before it "links". */
static const char fake_make[] =
	"#!/bin/sh\nfor a in \"$@\"; do case $a in O=*) out=${a#O=} ;; esac; last=$a; done\n"
	"echo \"$*\" >>\"$FAKE/made\"\n[ ! -e \"$FAKE/broken\" ] || { echo 'a.c:1: error: broken'; exit 2; "
	"}\n"
	"case $last in\nallnoconfig) cp \"$out/all.config\" \"$out/.config\" ;;\nvmlinux)\n"
	"\tn=0; while [ ! -e \"$FAKE/go\" ] && [ $n -lt 200 ]; do sleep 0.05; n=$((n + 1)); done\n"
	"\tcp \"$FAKE/linux\" \"$out/vmlinux\" && echo '  CC      net/socket.o' ;;\nesac\n";

static void put_program(const char *name, const char *text)
{
	put(name, text);
	assert_int_equal(chmod(at(name), 0755), 0);
}

/* What a kernel is told by: an ELF header, the words of User-Mode Linux and of every kernel. */
static void put_linux(void)
{
	static const char header[64] = "\177ELF\2\1\1", words[] = "User Mode Linux v%s\0"
								  "Linux version 6.12.7-t (x)";
	struct buf b = {0};

	buf_add(&b, header, sizeof(header));
	b.p[18] = 62; /* EM_X86_64 */
	buf_add(&b, words, sizeof(words));
	assert_int_equal(file_write(at("fake/linux"), b.p, b.n), 0);
	buf_fini(&b);
}

static int setup_fake(void **state)
{
	static const char *const tools[] = {"gcc", "flex", "bison"};
	char path[32], search[2 * PATH_MAX], command[3 * PATH_MAX];
	const char *old = getenv("PATH");

	if (setup(state))
		return 1;
	*state = strdup(old ? old : "/usr/bin:/bin");
	for (size_t i = 0; i < sizeof(tools) / sizeof(tools[0]); i++) {
		snprintf(path, sizeof(path), "fake/%s", tools[i]);
		put_program(path, "#!/bin/sh\necho fake 1.0\n");
	}
	put_program("fake/make", fake_make);
	put_linux();
	make_tree("linux-6.12");
	snprintf(command, sizeof(command), "tar -C %s -cf %s linux-6.12", dir, at("l.tar"));
	snprintf(search, sizeof(search), "%s:%s", at("fake"), (char *)*state);
	return !*state || system(command) || setenv("PATH", search, 1) || setenv("FAKE", at("fake"), 1) ||
	       setenv("XDG_CACHE_HOME", at("cache"), 1);
}

static int teardown_fake(void **state)
{
	setenv("PATH", *state, 1);
	free(*state);
	unsetenv("FAKE");
	unsetenv("XDG_CACHE_HOME");
	return teardown(state);
}

static enum image_status build(struct build_result *b, const char *config, bool quiet, char *why, size_t n)
{
	struct build_recipe r = {
		.source = at("l.tar"), .um = true, .config = &config, .n_config = !!config, .quiet = quiet};

	return build_kernel(&r, b, why, n);
}

static bool says(const char *name, const char *what)
{
	struct buf b = {0};
	bool found = !file_read(at(name), &b) && strstr(buf_str(&b), what);

	buf_fini(&b);
	return found;
}

static void soon(const char *name, const char *what)
{
	for (int i = 0; i < 200 && !says(name, what); i++)
		usleep(50000);
	assert_true(says(name, what));
}

static pid_t build_apart(const char *said)
{
	struct build_result b;
	char why[512];
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (dup2(open(at(said), O_WRONLY | O_CREAT, 0600), 2) < 0 || build(&b, NULL, false, why, sizeof(why)))
		_exit(100);
	_exit((int)b.step);
}

static enum build_step step_of(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return (enum build_step)WEXITSTATUS(status);
}

/* The second waits for the first, and then finds what it was about to build. */
static void two_build_it_once(void **state)
{
	pid_t first = build_apart("first"), second;

	soon("fake/made", " vmlinux\n");
	second = build_apart("second");
	soon("second", "waiting for another hookdiff");
	put("fake/go", "");
	assert_int_equal(step_of(first), BUILD_DONE);
	assert_int_equal(step_of(second), BUILD_NOTHING);
	put("fake/broken", ""); /* and a third asks no make */
	assert_int_equal(step_of(build_apart("third")), BUILD_NOTHING);
}

static void what_was_built_is_kept_whole(void **state)
{
	char why[512] = "", folder[256];
	struct build_result b;

	put("fake/go", "");
	put("fake/broken", "");
	assert_int_equal(build(&b, NULL, true, why, sizeof(why)), IMAGE_ERROR);
	assert_int_equal(b.step, BUILD_CONFIGURE);
	assert_non_null(strstr(why, "error: broken"));
	assert_int_equal(unlink(at("fake/broken")), 0);
	assert_int_equal(build(&b, NULL, true, why, sizeof(why)), IMAGE_OK);
	assert_int_equal(b.step, BUILD_DONE);
	assert_int_equal(b.objects, 1);
	assert_true(b.im.uml);
	assert_string_equal(b.im.release, "6.12.7-t");
	assert_string_equal(b.im.version, "l");
	snprintf(folder, sizeof(folder), "cache/hookdiff/builds/%s", b.name);
	assert_true(!strncmp(b.name, "l_um-", 5) && !strncmp(b.im.boot, at(folder), strlen(at(folder))));
	assert_int_equal(access(b.im.boot, X_OK), 0);
	/* One that lost its end is built again. */
	assert_int_equal(truncate(b.im.boot, 70), 0);
	assert_int_equal(build(&b, NULL, true, why, sizeof(why)), IMAGE_OK);
	assert_int_equal(b.step, BUILD_DONE);
	assert_int_equal(build(&b, NULL, true, why, sizeof(why)), IMAGE_OK);
	assert_int_equal(b.step, BUILD_NOTHING);
}

/* Every '@' line reaches make, or none does and it is said. */
static void no_variable_of_make_is_lost(void **state)
{
	char why[512] = "", word[32], config[PATH_MAX];
	struct build_result b;
	struct buf text = {0};

	put("fake/go", "");
	for (int i = 0; i < 240; i++)
		buf_printf(&text, "@VARIABLE_%d=y\n", i);
	put("many.config", buf_str(&text));
	buf_puts(&text, "@ONE_MORE=y\n");
	put("more.config", buf_str(&text));
	buf_fini(&text);
	snprintf(config, sizeof(config), "%s", at("many.config"));
	assert_int_equal(build(&b, config, true, why, sizeof(why)), IMAGE_OK);
	assert_non_null(strstr(b.name, "_um+many-")); /* build:..._um is not this one */
	for (int i = 0; i < 240; i++) {
		snprintf(word, sizeof(word), " VARIABLE_%d=y ", i);
		assert_true(says("fake/made", word));
	}
	snprintf(config, sizeof(config), "%s", at("more.config"));
	assert_int_equal(build(&b, config, true, why, sizeof(why)), IMAGE_ERROR);
	assert_non_null(strstr(why, "expected at most 240 variables"));
	assert_non_null(strstr(why, "found 241"));
}

/* ---- mutants ---- */

static void mutants_have_words(void **state)
{
	const char *const one[] = {"002"}, *const none[] = {"009"};
	struct mutants all;
	char why[512] = "";

	put("m/002-b.patch", change_two);
	put("m/001-a.patch", "What:  first \nEquivalent: nobody looks\n--- a/x\n+++ b/x\nWhat: not this\n");
	put("m/README", "x");
	assert_int_equal(mutants_read(&all, at("m"), NULL, 0, why, sizeof(why)), 0);
	assert_int_equal(all.n, 2);
	assert_string_equal(all.m[0].name, "001-a");
	assert_string_equal(all.m[0].equivalent, "nobody looks");
	assert_string_equal(all.m[1].what, "two");
	assert_string_equal(all.m[1].equivalent, "");
	mutants_fini(&all);
	assert_int_equal(mutants_read(&all, at("m"), one, 1, why, sizeof(why)), 0);
	assert_int_equal(all.n, 1);
	mutants_fini(&all);
	assert_int_equal(mutants_read(&all, at("m"), none, 1, why, sizeof(why)), -ENOENT);
	mutants_fini(&all);
	put("m/003-c.patch", "--- a/x\n+++ b/x\n");
	assert_int_equal(mutants_read(&all, at("m"), NULL, 0, why, sizeof(why)), -EINVAL);
	assert_non_null(strstr(why, "003-c.patch"));
	mutants_fini(&all);
	assert_int_equal(mutants_read(&all, at("nowhere"), NULL, 0, why, sizeof(why)), -ENOENT);
	mutants_fini(&all);
}

static bool take(struct hunt_result *r, const char *line)
{
	return hunt_line(r, "/here", line, strlen(line));
}

/* The clause of a case, and of the step of a case with operations. */
static void a_catch_names_its_clause(void **state)
{
	struct hunt_result r = {.cases = 0};

	assert_false(take(&r, "{\"type\":\"run\",\"verdict\":\"FAIL\"}"));
	assert_false(take(&r, "{\"type\":\"case\",\"verdict\":\"PASS\",\"clause\":\"SET.ARGS\"}"));
	assert_false(take(&r, "{\"type\":\"case\",\"verdict\":"));
	assert_int_equal(r.cases, 1);
	assert_string_equal(r.clause, "");
	assert_true(take(&r, "{\"type\":\"case\",\"verdict\":\"FAIL\",\"path\":\"/here/corpus/x.case\","
			     "\"clause\":\"SET.ARGS\"}"));
	assert_int_equal(r.cases, 2);
	assert_string_equal(r.clause, "SET.ARGS");
	assert_string_equal(r.where, "corpus/x.case");
	assert_true(take(&r, "{\"type\":\"case\",\"verdict\":\"FAIL\",\"path\":\"/hereby/t.case\",\"step\":"
			     "{\"number\":3,\"clause\":\"TREE.YIELD\",\"field\":\"runs\"}}"));
	assert_string_equal(r.clause, "TREE.YIELD");
	assert_string_equal(r.where, "/hereby/t.case");
	assert_true(take(&r, "{\"type\":\"case\",\"verdict\":\"FAIL\",\"index\":41}"));
	assert_string_equal(r.clause, "");
	assert_string_equal(r.where, "case 41");
	assert_int_equal(r.cases, 42);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fragment_is_read),
		cmocka_unit_test(nonsense_is_refused),
		cmocka_unit_test(what_kconfig_dropped_is_noticed),
		cmocka_unit_test(our_fragments_are_sound),
		cmocka_unit_test(coverage_is_of_the_hooks),
		cmocka_unit_test_setup_teardown(a_tree_is_known, setup, teardown),
		cmocka_unit_test_setup_teardown(what_an_option_depends_on_is_read, setup, teardown),
		cmocka_unit_test_setup_teardown(a_tarball_is_unpacked, setup, teardown),
		cmocka_unit_test_setup_teardown(a_hostile_tarball_stays_inside, setup, teardown),
		cmocka_unit_test_setup_teardown(patches_leave_the_source_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(a_patch_that_does_not_apply_leaves_none, setup, teardown),
		cmocka_unit_test_setup_teardown(two_build_it_once, setup_fake, teardown_fake),
		cmocka_unit_test_setup_teardown(what_was_built_is_kept_whole, setup_fake, teardown_fake),
		cmocka_unit_test_setup_teardown(no_variable_of_make_is_lost, setup_fake, teardown_fake),
		cmocka_unit_test_setup_teardown(mutants_have_words, setup, teardown),
		cmocka_unit_test(a_catch_names_its_clause),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
