/* SPDX-License-Identifier: MIT */
#include "build.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fragment.h"
#include "harness/base/clock.h"
#include "harness/kernels/bzimage.h"
#include "harness/kernels/cache.h"
#include "harness/kernels/files.h"
#include "harness/kernels/run.h"
#include "make.h"
#include "source.h"
#include "work.h"

/* Words for make: ours with the NULL, and variables that fragments set. */
enum { ARGS_OURS = 16, ARGS_MAX = 256 };

struct building {
	const struct build_recipe *r;
	struct build_result *b;
	struct source_tree source;
	struct fragments f;
	char builds[PATH_MAX - 512], work[PATH_MAX - 256], out[PATH_MAX - 128], src[PATH_MAX];
	struct buf compiler; /* what it says about itself */
	char *why;
	size_t n;
};

static enum image_status __attribute__((format(printf, 3, 4)))
end(struct building *b, enum image_status status, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(b->why, b->n, format, ap);
	va_end(ap);
	return status;
}

/* ---- what is needed ---- */

static enum image_status check_tools(struct building *b)
{
	static const struct {
		const char *program, *package;
		bool x86, patch;
	} tools[] = {{"make", "make", false, false}, {"gcc", "gcc", false, false},
		     {"flex", "flex", false, false}, {"bison", "bison", false, false},
		     {"bc", "bc", true, false},	     {"patch", "patch", false, true}};
	struct buf missing = {0};
	enum image_status status = IMAGE_OK;

	for (size_t i = 0; i < sizeof(tools) / sizeof(tools[0]); i++)
		if ((!tools[i].x86 || !b->r->um) && (!tools[i].patch || b->r->n_patch) &&
		    !make_has(tools[i].program))
			buf_printf(&missing, " %s", tools[i].package);
	if (!b->r->um && access("/usr/include/libelf.h", R_OK) && access("/usr/include/gelf.h", R_OK))
		buf_puts(&missing, " libelf-dev");
	if (missing.n)
		status = end(b, IMAGE_SKIP,
			     "a kernel cannot be built here: apt-get install --no-install-recommends%s",
			     buf_str(&missing));
	buf_fini(&missing);
	return status;
}

/* Before 6.10 the JIT's memory was that of modules. */
static bool jit_is_for_modules(const struct building *b)
{
	return source_depends(b->source.dir, "kernel/bpf/Kconfig", "BPF_JIT", "MODULES") ||
	       source_depends(b->source.dir, "net/Kconfig", "BPF_JIT", "MODULES"); /* before 5.16 */
}

static enum image_status read_fragments(struct building *b)
{
	const struct {
		const char *name;
		bool use;
	} all[] = {{"base", true},
		   {"bpf", true},
		   {"net", true},
		   {"x86", !b->r->um},
		   {"modules", !b->r->um && jit_is_for_modules(b)},
		   {"um", b->r->um},
		   {"debug", b->r->kcov || b->r->kasan},
		   {"kcov", b->r->kcov},
		   {"kasan", b->r->kasan}};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		for (const struct fragment_file *f = fragment_files; all[i].use && f->name; f++)
			if (!strcmp(f->name, all[i].name) &&
			    fragment_parse(&b->f, f->name, f->text, b->why, b->n))
				return IMAGE_ERROR;
	for (unsigned i = 0; i < b->r->n_config; i++)
		if (fragment_read(&b->f, b->r->config[i], b->why, b->n))
			return IMAGE_ERROR;
	if (b->f.n_make > ARGS_MAX - ARGS_OURS)
		return end(b, IMAGE_ERROR,
			   "fragments: expected at most %d variables for make ('@' lines), found %u",
			   ARGS_MAX - ARGS_OURS, b->f.n_make);
	return IMAGE_OK;
}

/* ---- names ---- */

static uint64_t hash(uint64_t h, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)bytes[i]) * 0x100000001b3ull;
	return (h ^ 0xff) * 0x100000001b3ull; /* an end, so that "ab" "c" is not "a" "bc" */
}

/* What kind of kernel it is, in a name: "um_kcov". */
static void kind_of(const struct build_recipe *r, char *out, size_t n)
{
	snprintf(out, n, "%s%s%s", r->um ? "um" : "x86", r->kcov ? "_kcov" : "", r->kasan ? "_kasan" : "");
}

/* "/x/0001-fix.patch" adds "+0001_fix". */
static void add_name(char *out, size_t n, const char *path)
{
	const char *base = strrchr(path, '/');
	size_t have = strlen(out);

	base = base ? base + 1 : path;
	snprintf(out + have, n - have, "+%.30s", base);
	out[have + strcspn(out + have, ".")] = 0;
	for (char *p = out + have; *p; p++)
		*p = isalnum((unsigned char)*p) || *p == '+' ? *p : '_';
}

/* Source, configuration, patches and compiler. */
static enum image_status name_it(struct building *b)
{
	const char *const argv[] = {"gcc", "--version", NULL};
	uint64_t h = 0xcbf29ce484222325ull;
	struct buf text = {0};
	char kind[32], changed[64] = "";
	int ret;

	ret = run_program(argv, &b->compiler);
	if (ret)
		return end(b, IMAGE_ERROR, "gcc --version: %s", ret < 0 ? strerror(-ret) : "failed");
	fragment_print(&b->f, &text);
	h = hash(h, b->source.id, strlen(b->source.id));
	h = hash(h, buf_str(&text), text.n);
	h = hash(h, b->f.make.p ? b->f.make.p : "", b->f.make.n);
	h = hash(h, buf_str(&b->compiler), strcspn(buf_str(&b->compiler), "\n"));
	for (unsigned i = 0; i < b->r->n_patch; i++) {
		buf_reset(&text);
		ret = file_read(b->r->patch[i], &text);
		if (ret) {
			buf_fini(&text);
			return end(b, IMAGE_ERROR, "%s: %s", b->r->patch[i], strerror(-ret));
		}
		h = hash(h, buf_str(&text), text.n);
	}
	buf_fini(&text);
	kind_of(b->r, kind, sizeof(kind));
	/* Never taken for the source as it is: image.h. */
	if (b->r->n_config)
		add_name(changed, sizeof(changed), b->r->config[0]);
	if (b->r->n_patch)
		add_name(changed, sizeof(changed), b->r->patch[0]);
	snprintf(b->b->name, sizeof(b->b->name), "%.60s_%.14s%.62s-%012llx", b->source.name, kind, changed,
		 (unsigned long long)h & 0xffffffffffffull);
	return IMAGE_OK;
}

/* ---- making ---- */

static int make(struct building *b, const char *const *targets, const char *doing)
{
	static const char *const fixed[] = {"KBUILD_BUILD_TIMESTAMP=1970-01-01", "KBUILD_BUILD_USER=hookdiff",
					    "KBUILD_BUILD_HOST=hookdiff", "LOCALVERSION=-hookdiff"};
	char src[PATH_MAX + 8], out[PATH_MAX], arch[16], jobs[16], config[PATH_MAX + 32], base[PATH_MAX];
	const char *argv[ARGS_MAX] = {"make", "-C", src, out, arch, jobs, config};
	struct make_run run = {.argv = argv, .log = b->b->log, .doing = b->r->quiet ? NULL : doing};
	const char *variable = b->f.make.p;
	unsigned n = 7;
	int ret;

	snprintf(src, sizeof(src), "%s", b->src);
	snprintf(out, sizeof(out), "O=%s", b->out);
	snprintf(arch, sizeof(arch), "ARCH=%s", b->r->um ? "um" : "x86_64");
	snprintf(jobs, sizeof(jobs), "-j%ld", sysconf(_SC_NPROCESSORS_ONLN));
	snprintf(config, sizeof(config), "KCONFIG_ALLCONFIG=%s/all.config", b->out);
	b->b->ccache = make_has("ccache");
	if (b->b->ccache) {
		argv[n++] = "CC=ccache gcc";
		argv[n++] = "HOSTCC=ccache gcc";
		/* Builds of one source in different folders share their objects. */
		snprintf(base, sizeof(base), "%s", b->work);
		setenv("CCACHE_BASEDIR", base, 0);
		setenv("CCACHE_NOHASHDIR", "1", 0);
		/* What is not in the cache is preprocessed once, not twice: the code is the same. Lines of
		 * debug information would have other columns. */
		if (!b->r->kcov && !b->r->kasan)
			setenv("CCACHE_NOCPP2", "1", 0);
	}
	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		argv[n++] = fixed[i];
	for (unsigned i = 0; i < b->f.n_make; i++, variable += strlen(variable) + 1)
		argv[n++] = variable;
	while (*targets)
		argv[n++] = *targets++;
	argv[n] = NULL;
	ret = make_run(&run, b->why, b->n);
	b->b->objects += run.done;
	return ret;
}

static bool knows(void *arg, const char *option)
{
	return source_knows(((struct building *)arg)->src, option);
}

/* Only if what was asked for has changed: make would look at every file again otherwise. */
static enum image_status configure(struct building *b)
{
	static const char *const target[] = {"allnoconfig", NULL};
	char all[PATH_MAX], config[PATH_MAX], why[512];
	struct buf want = {0}, have = {0};
	enum image_status status = IMAGE_OK;
	int ret;

	b->b->step = BUILD_CONFIGURE;
	snprintf(all, sizeof(all), "%s/all.config", b->out);
	snprintf(config, sizeof(config), "%s/.config", b->out);
	fragment_print(&b->f, &want);
	file_read(all, &have);
	if (access(config, R_OK) || have.n != want.n || memcmp(buf_str(&have), buf_str(&want), want.n) ||
	    !*b->source.id) {
		ret = file_write(all, buf_str(&want), want.n);
		if (!ret)
			ret = make(b, target, NULL);
		else
			snprintf(b->why, b->n, "%s: %s", all, strerror(-ret));
		snprintf(why, sizeof(why), "%s", b->why);
		if (ret) {
			status = end(b, IMAGE_ERROR, "%s cannot be configured: %s (%s)", b->source.name, why,
				     b->b->log);
			unlink(all);
		}
	}
	buf_reset(&have);
	if (!status &&
	    (file_read(config, &have) || !fragment_took(&b->f, buf_str(&have), knows, b, why, sizeof(why))))
		status = end(b, IMAGE_ERROR, "%s: %s", b->source.name, why);
	buf_fini(&want);
	buf_fini(&have);
	return status;
}

static enum image_status compile(struct building *b)
{
	static const char *const target[] = {"vmlinux", NULL};
	char doing[160], why[512], kind[32];

	b->b->step = BUILD_COMPILE;
	kind_of(b->r, kind, sizeof(kind));
	snprintf(doing, sizeof(doing), "building %s (%s)", b->source.name, kind);
	if (!make(b, target, doing))
		return IMAGE_OK;
	snprintf(why, sizeof(why), "%s", b->why);
	return end(b, IMAGE_ERROR, "%s cannot be built with %.*s: %s (%s)", b->source.name,
		   (int)strcspn(buf_str(&b->compiler), "\n"), buf_str(&b->compiler), why, b->b->log);
}

/* ---- keeping ---- */

static int copy_file(const char *from, const char *to)
{
	int in = open(from, O_RDONLY | O_CLOEXEC),
	    out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	int ret = in < 0 || out < 0 ? -errno : 0;
	char bytes[1 << 16];
	ssize_t n = 0;

	while (!ret && (n = read(in, bytes, sizeof(bytes))) > 0)
		if (write(out, bytes, (size_t)n) != n)
			ret = errno ? -errno : -ENOSPC;
	if (n < 0)
		ret = -errno;
	if (in >= 0)
		close(in);
	if (out >= 0 && close(out) && !ret)
		ret = -errno;
	return ret;
}

static enum image_status keep(struct building *b)
{
	struct cache_info info = {.modules = 0};
	char from[PATH_MAX], to[PATH_MAX], folder[PATH_MAX - 64], tmp[PATH_MAX - 32];
	enum kernel_form form;
	struct stat st;
	int ret;

	snprintf(from, sizeof(from), "%s/vmlinux", b->out);
	snprintf(info.boot, sizeof(info.boot), b->r->um ? "linux" : "vmlinux");
	snprintf(folder, sizeof(folder), "%s/%.150s", b->builds, b->b->name);
	snprintf(tmp, sizeof(tmp), "%s.tmp", folder);
	snprintf(to, sizeof(to), "%s/%s", tmp, info.boot);
	ret = dir_remove(tmp);
	if (!ret)
		ret = dir_make(tmp);
	if (!ret)
		ret = copy_file(from, to);
	if (!ret && (stat(to, &st) || kernel_identify(to, &form, info.release, sizeof(info.release))))
		ret = -EIO;
	if (!ret) {
		snprintf(info.name, sizeof(info.name), "%s", b->b->name);
		snprintf(info.version, sizeof(info.version), "%.90s", b->source.name);
		kind_of(b->r, info.flavour, sizeof(info.flavour));
		snprintf(info.suite, sizeof(info.suite), "build");
		info.boot_size = (unsigned long long)st.st_size;
		snprintf(from, sizeof(from), "%s/.config", b->out);
		snprintf(to, sizeof(to), "%s/config", tmp);
		ret = copy_file(from, to);
	}
	if (!ret)
		ret = cache_write_info(tmp, &info);
	if (!ret)
		ret = dir_remove(folder);
	if (!ret && rename(tmp, folder))
		ret = -errno;
	if (ret)
		return end(b, IMAGE_ERROR, "%s: %s", folder, strerror(-ret));
	cache_image(b->builds, &info, &b->b->im);
	return IMAGE_OK;
}

/* ---- one build ---- */

/* A tree is built in a folder of ours; make refuses that if something was ever built in the tree itself. */
static enum image_status check_tree(struct building *b)
{
	static const char *const dirty[] = {".config", "include/config", "arch/x86/include/generated",
					    "arch/um/include/generated"};
	char path[PATH_MAX];

	if (b->r->n_patch)
		return end(b, IMAGE_ERROR,
			   "%s: --patch is for packaged sources and tarballs: apply it to the tree yourself",
			   b->r->source);
	for (size_t i = 0; i < sizeof(dirty) / sizeof(dirty[0]); i++)
		if (snprintf(path, sizeof(path), "%s/%s", b->source.dir, dirty[i]) < (int)sizeof(path) &&
		    !access(path, F_OK))
			return end(b, IMAGE_ERROR,
				   "%s: expected a tree in which nothing was built, found %s: make mrproper "
				   "there "
				   "(it removes .config), or give it a worktree of its own",
				   b->r->source, dirty[i]);
	return IMAGE_OK;
}

/*
 * The copy of a source that we made ourselves, in a folder of this kind: somebody changes it by hand and
 * builds it as a tree. What was built of it so far is still good.
 */
static bool own_copy(struct building *b, const char *works, const char *kind)
{
	size_t n = strlen(works), k = strlen(kind);
	const char *slash = strrchr(b->source.dir, '/');

	/* WORKS/NAME_KIND_HASH/src */
	if (*b->source.id || strncmp(b->source.dir, works, n) || b->source.dir[n] != '/' ||
	    strcmp(slash, "/src") || (size_t)(slash - b->source.dir) < n + k + 11 ||
	    memcmp(slash - 9 - k, kind, k) || slash[-9] != '_' || slash[-10 - (ptrdiff_t)k] != '_')
		return false;
	snprintf(b->work, sizeof(b->work), "%.*s", (int)(slash - b->source.dir), b->source.dir);
	return true;
}

/* The folder where it is built: one for each source and kind, whose objects the next patch uses again. */
static enum image_status open_work(struct building *b, int *lock)
{
	char kind[32], path[PATH_MAX], works[PATH_MAX - 512];
	const char *key = *b->source.id ? b->source.id : b->source.dir;
	struct buf text = {0};
	uint64_t h = hash(0xcbf29ce484222325ull, key, strlen(key));
	int ret;

	/* Another configuration would compile everything again, and the first one after it too. */
	if (b->r->n_config) {
		fragment_print(&b->f, &text);
		h = hash(h, buf_str(&text), text.n);
		buf_fini(&text);
	}

	if (cache_folder("work", works, sizeof(works), b->why, b->n))
		return IMAGE_ERROR;
	kind_of(b->r, kind, sizeof(kind));
	if (!own_copy(b, works, kind))
		snprintf(b->work, sizeof(b->work), "%s/%.90s_%s_%08x", works, b->source.name, kind,
			 (unsigned)h);
	snprintf(b->out, sizeof(b->out), "%s/out", b->work);
	snprintf(b->b->log, sizeof(b->b->log), "%s/log", b->work);
	ret = dir_make(b->out);
	if (ret)
		return end(b, IMAGE_ERROR, "%s: %s", b->out, strerror(-ret));
	snprintf(path, sizeof(path), "%s/lock", b->work);
	*lock = file_lock(path, b->r->quiet ? NULL : "another hookdiff that builds the same source");
	if (*lock < 0)
		return end(b, IMAGE_ERROR, "%s: %s", path, strerror(-*lock));
	unlink(b->b->log);
	return IMAGE_OK;
}

/* Whether it was built before; then the result is filled. */
static bool in_cache(struct building *b)
{
	struct cache_info info;

	if (!*b->source.id || !cache_find(b->builds, b->b->name, &info))
		return false;
	cache_image(b->builds, &info, &b->b->im);
	b->b->step = BUILD_NOTHING;
	return true;
}

static enum image_status make_it(struct building *b)
{
	enum image_status status;
	enum kernel_form form;
	int lock = -1;

	status = check_tools(b);
	if (!status && !*b->source.id)
		status = check_tree(b);
	if (!status)
		status = open_work(b, &lock);
	/* Whoever had the lock may have built the same. */
	if (!status && in_cache(b)) {
		close(lock);
		return IMAGE_OK;
	}
	if (!status && *b->source.id) {
		b->b->step = BUILD_PATCH;
		snprintf(b->src, sizeof(b->src), "%s/src", b->work);
		if (work_prepare(b->source.dir, b->work, b->r->patch, b->r->n_patch, b->b->log, b->why, b->n))
			status = IMAGE_ERROR;
	} else if (!status) {
		snprintf(b->src, sizeof(b->src), "%s", b->source.dir);
	}
	if (!status)
		status = configure(b);
	if (!status)
		status = compile(b);
	if (!status && *b->source.id) {
		status = keep(b);
	} else if (!status) {
		struct kernel_image *im = &b->b->im;

		*b->b->name = 0;
		im->uml = b->r->um;
		snprintf(im->boot, sizeof(im->boot), "%s/vmlinux", b->out);
		kernel_identify(im->boot, &form, im->release, sizeof(im->release));
	}
	if (!status)
		b->b->step = BUILD_DONE;
	if (lock >= 0)
		close(lock);
	return status;
}

enum image_status build_kernel(const struct build_recipe *r, struct build_result *result, char *why, size_t n)
{
	struct building b = {.r = r, .b = result, .why = why, .n = n};
	double start = clock_now();
	enum image_status status;

	*result = (struct build_result){.step = BUILD_SOURCE};
	*why = 0;
	/* Before a source is fetched for nothing. One that is here may have been built, which takes no tools.
	 */
	status = access(r->source, F_OK) && !source_unpacked(r->source, &b.source) ? check_tools(&b)
										   : IMAGE_OK;
	if (!status)
		status = source_get(r->source, &b.source, r->quiet, why, n);
	if (!status)
		result->step = BUILD_TOOLS;
	if (!status)
		status = read_fragments(&b);
	if (!status && !make_has("gcc"))
		status = check_tools(&b);
	if (!status && cache_folder("builds", b.builds, sizeof(b.builds), why, n))
		status = IMAGE_ERROR;
	if (!status)
		status = name_it(&b);
	if (!status && !in_cache(&b))
		status = make_it(&b);
	fragment_fini(&b.f);
	buf_fini(&b.compiler);
	result->seconds = clock_now() - start;
	return status;
}
