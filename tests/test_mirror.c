/* SPDX-License-Identifier: MIT */
/* What a guest shows its host: files that grow, and a spool that is emptied (harness/guest/mirror.h). No
 * root. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/buf.h"
#include "harness/guest/mirror.h"

static char root[] = "/tmp/hookdiff-mirror-XXXXXX";
static struct mirror m; /* large */

static const char *path(const char *name)
{
	static char full[300];

	snprintf(full, sizeof(full), "%s/%s", root, name);
	return full;
}

static int write_some(const char *name, const char *text)
{
	int fd = open(path(name), O_WRONLY | O_CREAT | O_APPEND, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	return fd;
}

static void note(void *arg, const void *payload, size_t n)
{
	size_t head = strlen(payload) + 1;

	buf_printf(arg, "%s=%.*s;", (const char *)payload, (int)(n - head), (const char *)payload + head);
}

static void sends(bool last, const char *want)
{
	struct buf got = {0};

	mirror_send(&m, last, note, &got);
	assert_string_equal(buf_str(&got), want);
	buf_fini(&got);
}

static void files_grow(void **st)
{
	(void)st;
	mirror_init(&m, root);
	sends(false, "");
	close(write_some("report", "one"));
	sends(false, "report=one;");
	sends(false, "");
	close(write_some("report", "two"));
	sends(false, "report=two;");
	assert_int_equal(access(path("report"), F_OK), 0);
	unlink(path("report"));
}

static void a_spool_is_emptied(void **st)
{
	int fd;

	(void)st;
	mirror_init(&m, root);
	assert_int_equal(mkdir(path("run"), 0755), 0);
	assert_int_equal(mkdir(path("run/" MIRROR_SPOOL), 0755), 0);
	fd = write_some("run/spool/a", "begun, ");
	sends(false, ""); /* somebody still writes */
	assert_int_equal(write(fd, "ended", 5), 5);
	close(fd);
	sends(false, "run/spool/a=begun, ended;");
	assert_int_equal(access(path("run/spool/a"), F_OK), -1);
	close(write_some("run/spool/a", "again")); /* a name may come back */
	sends(false, "run/spool/a=again;");
	fd = write_some("run/spool/b", "cut off"); /* the last look takes what there is */
	sends(true, "run/spool/b=cut off;");
	close(fd);
	assert_int_equal(access(path("run/spool/b"), F_OK), -1);
	assert_int_equal(m.n, 0); /* no place is taken for ever */
	rmdir(path("run/spool"));
	rmdir(path("run"));
}

/* More files than there are places. */
static void a_spool_may_be_large(void **st)
{
	struct buf got = {0};
	unsigned n = 0;
	char name[40];

	(void)st;
	mirror_init(&m, root);
	assert_int_equal(mkdir(path(MIRROR_SPOOL), 0755), 0);
	for (unsigned i = 0; i < MIRROR_FILES + 100; i++) {
		snprintf(name, sizeof(name), MIRROR_SPOOL "/%u", i);
		close(write_some(name, "x"));
	}
	mirror_send(&m, false, note, &got);
	for (const char *p = buf_str(&got); (p = strstr(p, "=x;")); p++)
		n++;
	assert_int_equal(n, MIRROR_FILES + 100);
	buf_fini(&got);
	assert_int_equal(rmdir(path(MIRROR_SPOOL)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_grow),
		cmocka_unit_test(a_spool_is_emptied),
		cmocka_unit_test(a_spool_may_be_large),
	};
	int failed;

	if (!mkdtemp(root))
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(root);
	return failed;
}
