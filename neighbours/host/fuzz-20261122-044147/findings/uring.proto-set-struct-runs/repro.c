/*
 * URING.PROTO does not hold in setsockopt on Linux 6.18.44-fc-v595: runs differs
 *
 *     # URING.PROTO does not hold in setsockopt on Linux 6.18.44-fc-v595: runs differs
 *     # clauses URING.PROTO
 *     cgroup a { setsockopt multi: return 1 }
 *     s = socket(AF_PACKET, SOCK_DGRAM, 0) in a
 *     setsockopt(s, SOL_IP, IP_TOS, buf 0, optlen 0) via io_uring
 *
 * Wants: what the rules allow, given what the kernel's own handlers answered in the run that found this.
 * Needs root, a cgroup2 mount and a kernel with CONFIG_CGROUP_BPF. Everything that it makes is gone when
 * it ends.   cc -o repro repro.c && ./repro
 * Exit 0: got is want. 1: it differs. 2: it could not run here.
 * The programs also write down what they see, which needs Linux 5.8.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- parts of the ABI that headers older than the kernel lack ---- */

#ifndef BPF_JMP32
#define BPF_JMP32 0x06
#endif
#ifndef BPF_PSEUDO_MAP_VALUE
#define BPF_PSEUDO_MAP_VALUE 2
#endif
#ifndef __NR_bpf
#define __NR_bpf 321 /* x86-64 */
#endif

enum {
	MAP_CREATE = 0,
	MAP_LOOKUP = 1,
	MAP_UPDATE = 2,
	PROG_LOAD = 5,
	PROG_ATTACH = 8,
	PROG_DETACH = 9,
	LINK_CREATE = 28
};
enum { PROG_TYPE_CGROUP_SOCKOPT = 25, MAP_TYPE_ARRAY = 2 };
enum { GET = 21, SET = 22 };		    /* attach types: BPF_CGROUP_GETSOCKOPT, BPF_CGROUP_SETSOCKOPT */
enum { NONE = 0, OVERRIDE = 1, MULTI = 2 }; /* attach flags */
enum {
	CTX_optval = 8,
	CTX_optval_end = 16,
	CTX_level = 24,
	CTX_optname = 28,
	CTX_optlen = 32,
	CTX_retval = 36
};
enum { FN_probe_read_kernel = 113, FN_get_retval = 186, FN_set_retval = 187 };

/* Instructions, under the names that the kernel's tests use. */
#define INSN(c, d, s, o, i)                                                                                  \
	{                                                                                                    \
		.code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i)                          \
	}
#define BPF_MOV64_REG(d, s)	   INSN(BPF_ALU64 | BPF_MOV | BPF_X, d, s, 0, 0)
#define BPF_MOV64_IMM(d, i)	   INSN(BPF_ALU64 | BPF_MOV | BPF_K, d, 0, 0, i)
#define BPF_ALU64_REG(op, d, s)	   INSN(BPF_ALU64 | (op) | BPF_X, d, s, 0, 0)
#define BPF_ALU64_IMM(op, d, i)	   INSN(BPF_ALU64 | (op) | BPF_K, d, 0, 0, i)
#define BPF_LDX_MEM(w, d, s, o)	   INSN(BPF_LDX | (w) | BPF_MEM, d, s, o, 0)
#define BPF_STX_MEM(w, d, s, o)	   INSN(BPF_STX | (w) | BPF_MEM, d, s, o, 0)
#define BPF_ST_MEM(w, d, o, i)	   INSN(BPF_ST | (w) | BPF_MEM, d, 0, o, i)
#define BPF_JMP_REG(op, d, s, o)   INSN(BPF_JMP | (op) | BPF_X, d, s, o, 0)
#define BPF_JMP_IMM(op, d, i, o)   INSN(BPF_JMP | (op) | BPF_K, d, 0, o, i)
#define BPF_JMP32_IMM(op, d, i, o) INSN(BPF_JMP32 | (op) | BPF_K, d, 0, o, i)
#define BPF_JMP_A(o)		   INSN(BPF_JMP | BPF_JA, 0, 0, o, 0)
#define BPF_EMIT_CALL(f)	   INSN(BPF_JMP | BPF_CALL, 0, 0, 0, f)
#define BPF_EXIT_INSN()		   INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
#define BPF_LD_MAP_VALUE(d, fd, off)                                                                         \
	INSN(BPF_LD | BPF_DW | BPF_IMM, d, BPF_PSEUDO_MAP_VALUE, 0, fd), INSN(0, 0, 0, 0, off)
#define N(array)     (sizeof(array) / sizeof((array)[0]))
#define MAYBE_UNUSED __attribute__((unused))

/* ---- the end of it ---- */

static unsigned differs, compared;

/* Something is missing here: not a result of any kind. */
static void __attribute__((noreturn)) cannot(const char *what)
{
	fprintf(stderr, "cannot run: %s: %s\n", what, strerror(errno));
	exit(2);
}

static int finish(void)
{
	if (!compared) {
		printf("nothing was compared: it is not known what must come\n");
		return 2;
	}
	printf("%s\n", differs ? "DIFFERS: got is not want" : "got is want");
	return differs ? 1 : 0;
}

/* ---- cgroups: [0] is the base, without a program; the others are below it ---- */

#define MAX_LEVELS 16
static char *level_path[MAX_LEVELS + 1];
static int level_fd[MAX_LEVELS + 1];
static char level_late[MAX_LEVELS + 1]; /* made by a step of the case */
static unsigned n_levels;

static void find_cgroup2(char *path, size_t size)
{
	char line[1024], at[512], type[64];
	FILE *f = fopen("/proc/mounts", "r");

	if (!f)
		cannot("/proc/mounts");
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%*s %511s %63s", at, type) == 2 && !strcmp(type, "cgroup2")) {
			fclose(f);
			snprintf(path, size, "%.400s", at);
			return;
		}
	fclose(f);
	errno = ENOENT;
	cannot("no cgroup2 file system is mounted");
}

static void remove_cgroups(void)
{
	for (int i = (int)n_levels; i >= 0; i--)
		for (int tries = 0; rmdir(level_path[i]) && errno == EBUSY && tries < 200; tries++)
			usleep(10000); /* a process that just ended */
}

/* The child does the work, the parent waits and cleans up, whatever became of the child. */
static void supervise(void)
{
	pid_t pid;
	int status = 0;

	fflush(NULL);
	pid = fork();
	if (pid < 0)
		cannot("fork");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		return;
	}
	signal(SIGINT, SIG_IGN); /* the child gets it too, and ends */
	signal(SIGTERM, SIG_IGN);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	remove_cgroups();
	if (WIFSIGNALED(status))
		fprintf(stderr, "cannot run: ended by signal %d\n", WTERMSIG(status));
	exit(WIFEXITED(status) ? WEXITSTATUS(status) : 2);
}

/* Cgroup number i, of which n_levels is the last, is `name` in another one. */
MAYBE_UNUSED static void place(unsigned i, unsigned in, char name)
{
	size_t n = strlen(level_path[in]) + 3;

	level_path[i] = malloc(n);
	if (!level_path[i])
		cannot("memory");
	snprintf(level_path[i], n, "%s/%c", level_path[in], name);
	n_levels = i;
}

static void place_base(void)
{
	char mount[512], path[600];

	find_cgroup2(mount, sizeof(mount));
	snprintf(path, sizeof(path), "%s/sockopt-repro.%d", mount, (int)getpid());
	level_path[0] = strdup(path);
	if (!level_path[0])
		cannot("memory");
}

static void make_cgroup(unsigned i)
{
	if (mkdir(level_path[i], 0755))
		cannot(level_path[i]);
	level_fd[i] = open(level_path[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (level_fd[i] < 0)
		cannot(level_path[i]);
}

/* Programs, attachments, sockets and memory are the child's, and go with it. */
static void start(void)
{
	struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
	struct ifreq lo;
	int fd;

	supervise();
	for (unsigned i = 0; i <= n_levels; i++)
		if (!level_late[i])
			make_cgroup(i);
	setrlimit(RLIMIT_MEMLOCK, &unlimited); /* kernels before 5.11 count programs */
	if (unshare(CLONE_NEWNET))
		cannot("no network namespace of its own (needs root)");
	memset(&lo, 0, sizeof(lo));
	strcpy(lo.ifr_name, "lo");
	lo.ifr_flags = IFF_UP;
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd >= 0) {
		ioctl(fd, SIOCSIFFLAGS, &lo);
		close(fd);
	}
}

/* base/a, base/a/b ... */
MAYBE_UNUSED static void begin(unsigned levels)
{
	place_base();
	for (unsigned i = 1; i <= levels; i++)
		place(i, i - 1, (char)('a' + (int)i - 1));
	start();
}

MAYBE_UNUSED static void enter(unsigned level)
{
	int fd = openat(level_fd[level], "cgroup.procs", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, "0", 1) != 1)
		cannot("moving into a cgroup");
	close(fd);
}

/* ---- programs ---- */

static long bpf(int cmd, void *attr, unsigned size)
{
	return syscall(__NR_bpf, cmd, attr, size);
}

/* A map of one value. */
MAYBE_UNUSED static int make_map(size_t size)
{
	struct {
		uint32_t type, key, value, entries, flags;
	} a = {MAP_TYPE_ARRAY, 4, (uint32_t)size, 1, 0};
	int fd = (int)bpf(MAP_CREATE, &a, sizeof(a));

	if (fd < 0)
		cannot("making a map");
	return fd;
}

/* MAP_LOOKUP, MAP_UPDATE */
MAYBE_UNUSED static void move_value(int cmd, int map, void *value)
{
	uint32_t key = 0;
	struct {
		uint32_t fd, pad;
		uint64_t key, value, flags;
	} a = {(uint32_t)map, 0, (uintptr_t)&key, (uintptr_t)value, 0};

	if (bpf(cmd, &a, sizeof(a)))
		cannot("the value of a map");
}

static int record_map = -1; /* what programs saw; -1: they do not record */

static int load(int hook, struct bpf_insn *insns, unsigned n)
{
	static char log[1 << 16];
	struct {
		uint32_t type, n;
		uint64_t insns, license;
		uint32_t log_level, log_size;
		uint64_t log;
		uint32_t kern_version, flags;
		char name[16];
		uint32_t ifindex, expected_attach_type;
	} a;
	int fd;

	for (unsigned i = 0; i < n; i++)
		if (insns[i].code == (BPF_LD | BPF_DW | BPF_IMM))
			insns[i].imm = record_map;
	memset(&a, 0, sizeof(a));
	a.type = PROG_TYPE_CGROUP_SOCKOPT;
	a.n = n;
	a.insns = (uintptr_t)insns;
	a.license = (uintptr_t) "GPL";
	a.expected_attach_type = (uint32_t)hook;
	fd = (int)bpf(PROG_LOAD, &a, sizeof(a));
	if (fd < 0) {
		int err = errno;

		a.log_level = 1;
		a.log_size = sizeof(log);
		a.log = (uintptr_t)log;
		bpf(PROG_LOAD, &a, sizeof(a));
		fputs(log, stderr);
		errno = err;
		cannot("this kernel does not load the program");
	}
	return fd;
}

static struct slot {
	unsigned level;
	int hook, mode, prog, link;
} slots[64];
static unsigned n_slots;

/* By a link where the kernel has them (5.7) and the mode is theirs. */
static void put(struct slot *s)
{
	struct {
		uint32_t prog, target, type, flags;
	} l = {(uint32_t)s->prog, (uint32_t)level_fd[s->level], (uint32_t)s->hook, 0};
	struct {
		uint32_t target, prog, type, flags, replace;
	} a = {(uint32_t)level_fd[s->level], (uint32_t)s->prog, (uint32_t)s->hook, (uint32_t)s->mode, 0};

	s->link = s->mode == MULTI ? (int)bpf(LINK_CREATE, &l, sizeof(l)) : -1;
	if (s->link < 0 && bpf(PROG_ATTACH, &a, sizeof(a)))
		cannot("attaching a program");
}

MAYBE_UNUSED static void attach(unsigned level, int hook, int mode, struct bpf_insn *insns, unsigned n)
{
	struct slot *s = &slots[n_slots++];

	s->level = level;
	s->hook = hook;
	s->mode = mode;
	s->prog = load(hook, insns, n);
	put(s);
}

/* From here on the getsockopt programs do nothing: the next call reads the socket's state. */
MAYBE_UNUSED static void quiet(void)
{
	static struct bpf_insn nothing[] = {BPF_MOV64_IMM(BPF_REG_0, 1), BPF_EXIT_INSN()};

	for (unsigned i = 0; i < n_slots; i++) {
		struct slot *s = &slots[i];
		struct {
			uint32_t target, prog, type, flags, replace;
		} d = {(uint32_t)level_fd[s->level], (uint32_t)s->prog, (uint32_t)s->hook, 0, 0};

		if (s->hook != GET)
			continue;
		if (s->link >= 0)
			close(s->link);
		else if (bpf(PROG_DETACH, &d, sizeof(d)))
			cannot("detaching a program");
	}
	for (unsigned i = 0; i < n_slots; i++)
		if (slots[i].hook == GET) {
			close(slots[i].prog);
			slots[i].prog =
				load(GET, nothing, N(nothing)); /* one for each: none is attached twice */
			put(&slots[i]);
		}
}

/* ---- sockets ---- */

enum { BAD_FD = 0x7ffffff0 };

MAYBE_UNUSED static int make_socket(unsigned level, int family, int type, int protocol)
{
	int fd;

	enter(level);
	fd = socket(family, type, protocol);
	if (fd < 0)
		cannot("socket");
	enter(0);
	return fd;
}

MAYBE_UNUSED static int make_pair(unsigned level, int family, int type, int protocol)
{
	int fd[2];

	enter(level);
	if (socketpair(family, type, protocol, fd))
		cannot("socketpair");
	enter(0);
	return fd[0];
}

/* ---- the user's memory ---- */

enum place { PLAIN, NULL_POINTER, READ_ONLY, EDGE };
enum { AREA = 1 << 18, GUARD = 1 << 16, PAST = 64 };

static unsigned char *rw, *ro, *edge_end; /* one memory seen twice; the end of another */
static unsigned char *mem;		  /* of the last buffer(), as we see it; NULL: none */
static unsigned char want_mem[AREA], any_mem[AREA];
static size_t mem_size, shown_size;
static struct user_len {
	uint32_t before[2];
	int32_t len;
	uint32_t after[2];
} * user;
static unsigned char *user_at; /* optlen lies there, and not in *user */

#ifdef MAP_32BIT
enum { WHERE = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_32BIT };
#else
enum { WHERE = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE };
#endif

static void *reserve(size_t size, int prot)
{
	void *p = mmap(NULL, size, prot, WHERE, -1, 0);

	if (p == MAP_FAILED)
		cannot("mmap");
	return p;
}

static void map_memory(void)
{
	FILE *f = tmpfile();
	unsigned char *edge = reserve(AREA + GUARD, PROT_NONE);

	rw = reserve(AREA + GUARD, PROT_NONE);
	ro = reserve(AREA + GUARD, PROT_NONE);
	edge_end = edge + AREA;
	if (!f || ftruncate(fileno(f), AREA) ||
	    mmap(rw, AREA, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fileno(f), 0) == MAP_FAILED ||
	    mmap(ro, AREA, PROT_READ, MAP_SHARED | MAP_FIXED, fileno(f), 0) == MAP_FAILED ||
	    mprotect(edge, AREA, PROT_READ | PROT_WRITE))
		cannot("memory for the calls");
	fclose(f);
}

/* Bytes past the buffer: each place has its own, so that a shifted copy shows. */
static unsigned char past(uint32_t off)
{
	return (unsigned char)(off * (off * 3 + 7) + (off >> 8) * 13 + 0x31);
}

/* optval of a call: data, then fill up to size, then (not at the edge of the mapping) bytes that stand guard.
 */
MAYBE_UNUSED static void *buffer(enum place place, const void *data, size_t n, unsigned char fill,
				 size_t size)
{
	if (!rw)
		map_memory();
	memset(any_mem, 0, sizeof(any_mem));
	mem = place == NULL_POINTER ? NULL : place == EDGE ? edge_end - size : rw;
	shown_size = size;
	mem_size = !mem ? 0 : place == EDGE ? size : size + PAST;
	if (!mem)
		return NULL;
	memset(mem, fill, size);
	if (n)
		memcpy(mem, data, n);
	for (size_t i = size; place != EDGE && i < AREA; i++)
		mem[i] = past((uint32_t)i);
	memcpy(want_mem, mem, mem_size); /* until want_*() say otherwise */
	return place == READ_ONLY ? ro : mem;
}

MAYBE_UNUSED static void want_bytes(size_t off, const void *bytes, size_t n)
{
	memcpy(want_mem + off, bytes, n);
}

MAYBE_UNUSED static void want_fill(size_t off, unsigned char byte, size_t n)
{
	memset(want_mem + off, byte, n);
}

MAYBE_UNUSED static void want_any(size_t off, size_t n)
{
	memset(any_mem + off, 1, n);
}

/* ---- the calls; the result is that of the register: -errno, or whatever a program made it ---- */

static int64_t got_ret;

static void record_reset(void);
static void record_take(void);

MAYBE_UNUSED static long raw(long ret)
{
	return ret == -1 && errno ? -errno : ret;
}

MAYBE_UNUSED static void call_set(int fd, int level, int optname, const void *val, int len)
{
	record_reset();
	errno = 0;
	got_ret = raw(syscall(__NR_setsockopt, fd, level, optname, val, len));
	record_take();
}

MAYBE_UNUSED static int32_t *put_len(int32_t len)
{
	if (!user)
		user = reserve(sizeof(*user), PROT_READ | PROT_WRITE);
	user->before[0] = user->before[1] = user->after[0] = user->after[1] = 0x5ca1ab1e;
	user->len = len;
	user_at = NULL;
	return &user->len;
}

/* The same where the kernel cannot write. */
MAYBE_UNUSED static int32_t *put_len_readonly(int32_t len)
{
	put_len(len);
	if (!rw)
		map_memory();
	memcpy(rw + AREA - PAST, &len, sizeof(len));
	return (int32_t *)(void *)(ro + AREA - PAST);
}

/*
 * An optlen that lies two and two on both sides of a page's end: the second page is writable, read-only ('r')
 * or not mapped ('t').
 */
MAYBE_UNUSED static int32_t *put_len_across(int second, int32_t len)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	unsigned char *at = (unsigned char *)reserve(4 * page, PROT_READ | PROT_WRITE) + page - 2;

	put_len(len);
	memcpy(at, &len, 4);
	if (second && mprotect(at + 2, 2 * page, second == 'r' ? PROT_READ : PROT_NONE))
		cannot("mprotect");
	user_at = second == 't' ? NULL : at;
	return (int32_t *)(void *)at;
}

/* An optlen that lies inside of optval, whose bytes there are the length. */
MAYBE_UNUSED static int32_t *put_len_in(size_t off, int32_t len)
{
	put_len(len);
	user_at = mem + off;
	return (int32_t *)(void *)(mem + off);
}

MAYBE_UNUSED static void call_get(int fd, int level, int optname, void *val, int32_t *len)
{
	record_reset();
	errno = 0;
	got_ret = raw(syscall(__NR_getsockopt, fd, level, optname, val, len));
	record_take();
}

/* ---- want and got ---- */

static const char *const errno_names[] = {
	[1] = "EPERM", [2] = "ENOENT", [3] = "ESRCH", [4] = "EINTR", [5] = "EIO", [6] = "ENXIO",
	[7] = "E2BIG", [8] = "ENOEXEC", [9] = "EBADF", [10] = "ECHILD", [11] = "EAGAIN", [12] = "ENOMEM",
	[13] = "EACCES", [14] = "EFAULT", [15] = "ENOTBLK", [16] = "EBUSY", [17] = "EEXIST", [18] = "EXDEV",
	[19] = "ENODEV", [20] = "ENOTDIR", [21] = "EISDIR", [22] = "EINVAL", [23] = "ENFILE", [24] = "EMFILE",
	[25] = "ENOTTY", [26] = "ETXTBSY", [27] = "EFBIG", [28] = "ENOSPC", [29] = "ESPIPE", [30] = "EROFS",
	[31] = "EMLINK", [32] = "EPIPE", [33] = "EDOM", [34] = "ERANGE", [35] = "EDEADLK", [36] = "ENAMETOOLONG",
	[37] = "ENOLCK", [38] = "ENOSYS", [39] = "ENOTEMPTY", [40] = "ELOOP", [42] = "ENOMSG", [43] = "EIDRM",
	[44] = "ECHRNG", [45] = "EL2NSYNC", [46] = "EL3HLT", [47] = "EL3RST", [48] = "ELNRNG", [49] = "EUNATCH",
	[50] = "ENOCSI", [51] = "EL2HLT", [52] = "EBADE", [53] = "EBADR", [54] = "EXFULL", [55] = "ENOANO",
	[56] = "EBADRQC", [57] = "EBADSLT", [59] = "EBFONT", [60] = "ENOSTR", [61] = "ENODATA", [62] = "ETIME",
	[63] = "ENOSR", [64] = "ENONET", [65] = "ENOPKG", [66] = "EREMOTE", [67] = "ENOLINK", [68] = "EADV",
	[69] = "ESRMNT", [70] = "ECOMM", [71] = "EPROTO", [72] = "EMULTIHOP", [73] = "EDOTDOT", [74] = "EBADMSG",
	[75] = "EOVERFLOW", [76] = "ENOTUNIQ", [77] = "EBADFD", [78] = "EREMCHG", [79] = "ELIBACC", [80] = "ELIBBAD",
	[81] = "ELIBSCN", [82] = "ELIBMAX", [83] = "ELIBEXEC", [84] = "EILSEQ", [85] = "ERESTART", [86] = "ESTRPIPE",
	[87] = "EUSERS", [88] = "ENOTSOCK", [89] = "EDESTADDRREQ", [90] = "EMSGSIZE", [91] = "EPROTOTYPE", [92] = "ENOPROTOOPT",
	[93] = "EPROTONOSUPPORT", [94] = "ESOCKTNOSUPPORT", [95] = "EOPNOTSUPP", [96] = "EPFNOSUPPORT", [97] = "EAFNOSUPPORT", [98] = "EADDRINUSE",
	[99] = "EADDRNOTAVAIL", [100] = "ENETDOWN", [101] = "ENETUNREACH", [102] = "ENETRESET", [103] = "ECONNABORTED", [104] = "ECONNRESET",
	[105] = "ENOBUFS", [106] = "EISCONN", [107] = "ENOTCONN", [108] = "ESHUTDOWN", [109] = "ETOOMANYREFS", [110] = "ETIMEDOUT",
	[111] = "ECONNREFUSED", [112] = "EHOSTDOWN", [113] = "EHOSTUNREACH", [114] = "EALREADY", [115] = "EINPROGRESS", [116] = "ESTALE",
	[117] = "EUCLEAN", [118] = "ENOTNAM", [119] = "ENAVAIL", [120] = "EISNAM", [121] = "EREMOTEIO", [122] = "EDQUOT",
	[123] = "ENOMEDIUM", [124] = "EMEDIUMTYPE", [125] = "ECANCELED", [126] = "ENOKEY", [127] = "EKEYEXPIRED", [128] = "EKEYREVOKED",
	[129] = "EKEYREJECTED", [130] = "EOWNERDEAD", [131] = "ENOTRECOVERABLE", [132] = "ERFKILL", [133] = "EHWPOISON", [512] = "ERESTARTSYS",
	[513] = "ERESTARTNOINTR", [514] = "ERESTARTNOHAND", [515] = "ENOIOCTLCMD", [516] = "ERESTART_RESTARTBLOCK", [517] = "EPROBE_DEFER", [518] = "EOPENSTALE",
	[519] = "ENOPARAM", [521] = "EBADHANDLE", [522] = "ENOTSYNC", [523] = "EBADCOOKIE", [524] = "ENOTSUPP", [525] = "ETOOSMALL",
	[526] = "ESERVERFAULT", [527] = "EBADTYPE", [528] = "EJUKEBOX", [529] = "EIOCBQUEUED", [530] = "ERECALLCONFLICT",
};

static void differ_if(int yes)
{
	compared++;
	differs += yes != 0;
	printf("%s\n", yes ? "  <-- differs" : "");
}

static const char *ret_text(int64_t v, char *out, size_t size)
{
	if (v < 0 && v > -(int64_t)N(errno_names) && errno_names[-v])
		snprintf(out, size, "%lld %s", (long long)v, errno_names[-v]);
	else
		snprintf(out, size, "%lld", (long long)v);
	return out;
}

MAYBE_UNUSED static void say_call(unsigned nr, const char *text)
{
	printf("call %u: %s\n", nr, text);
}

MAYBE_UNUSED static void not_compared(const char *what)
{
	char a[40];

	if (!strcmp(what, "ret"))
		printf("  ret     want anything, or not known   got %s\n", ret_text(got_ret, a, sizeof(a)));
	else
		printf("  %-7s not compared: anything will do, or what must come is not known\n", what);
}

MAYBE_UNUSED static void check_ret(int64_t want)
{
	char a[40], b[40];

	printf("  ret     want %-24s got %s", ret_text(want, a, sizeof(a)), ret_text(got_ret, b, sizeof(b)));
	differ_if(want != got_ret);
}

MAYBE_UNUSED static void check_optlen(int32_t want)
{
	int stray = user->before[0] != 0x5ca1ab1e || user->before[1] != 0x5ca1ab1e ||
		    user->after[0] != 0x5ca1ab1e || user->after[1] != 0x5ca1ab1e;

	if (user_at)
		memcpy(&user->len, user_at, sizeof(user->len));
	printf("  optlen  want %-24d got %d%s", want, user->len,
	       stray ? ", and bytes beside it changed" : "");
	differ_if(want != user->len || stray);
}

static void show(const char *name, const unsigned char *p, const unsigned char *any, size_t n)
{
	printf("%s", name);
	for (size_t i = 0; i < n; i++)
		printf(any && any[i] ? " .." : " %02x", p[i]);
}

MAYBE_UNUSED static void check_mem(void)
{
	size_t n = shown_size < 32 ? shown_size : 32, off = 0;

	if (!mem)
		return;
	while (off < mem_size && (any_mem[off] || want_mem[off] == mem[off]))
		off++;
	show("  optval  want", want_mem, any_mem, n);
	show("\n          got ", mem, NULL, n);
	if (off < mem_size)
		printf("  (byte %zu: want %02x, got %02x)", off, want_mem[off], mem[off]);
	differ_if(off < mem_size);
}

static const char *const program_names[] = {"a setsockopt program 1"};
enum { SEEN_PROGS = 1, SEEN_BYTES = 64, SEEN_ORDER = 64 };

/* ---- what programs saw, written down by themselves ---- */

struct seen {
	int32_t level, optname, optlen, retval;
	uint32_t size, pad;
	unsigned char bytes[SEEN_BYTES];
};

static struct {
	uint32_t runs, pad;
	unsigned char order[SEEN_ORDER];
	struct seen seen[SEEN_PROGS];
} record;

static void record_open(void)
{
	record_map = make_map(sizeof(record));
}

static void record_reset(void)
{
	memset(&record, 0, sizeof(record));
	move_value(MAP_UPDATE, record_map, &record);
}

static void record_take(void)
{
	move_value(MAP_LOOKUP, record_map, &record);
}

MAYBE_UNUSED static uint32_t record_runs(void)
{
	return record.runs;
}

MAYBE_UNUSED static void record_less(uint32_t runs)
{
	record.runs -= runs;
}

MAYBE_UNUSED static void check_runs(uint32_t want, int or_more)
{
	printf("  programs that ran: want %u%s, got %u", want, or_more ? " or more" : "", record.runs);
	differ_if(or_more ? record.runs < want : record.runs != want);
}

enum { ANY_OPTLEN = 1, ANY_SIZE = 2, ANY_RETVAL = 4, ANY_ARGS = 8 };

static void check_field(const char *name, int any, int64_t want, int64_t got)
{
	if (any)
		return;
	printf("    %-8s want %-12lld got %lld", name, (long long)want, (long long)got);
	differ_if(want != got);
}

/* The k-th program to run must be `program`, and must have seen this. bytes: the first n, any[i]: not
 * compared. */
MAYBE_UNUSED static void check_seen(unsigned k, unsigned program, int any, const struct seen *want,
				    const char *bytes, const char *excused, size_t n)
{
	const struct seen *got = &record.seen[program];
	size_t off = 0;

	if (k >= record.runs || k >= SEEN_ORDER) {
		printf("  program %u to run: want %s, got none", k + 1, program_names[program]);
		differ_if(1);
		return;
	}
	printf("  program %u to run: want %s, got %s", k + 1, program_names[program],
	       record.order[k] < SEEN_PROGS ? program_names[record.order[k]] : "?");
	differ_if(record.order[k] != program);
	check_field("level", any & ANY_ARGS, want->level, got->level);
	check_field("optname", any & ANY_ARGS, want->optname, got->optname);
	check_field("optlen", any & ANY_OPTLEN, want->optlen, got->optlen);
	check_field("retval", any & ANY_RETVAL, want->retval, got->retval);
	check_field("size", any & ANY_SIZE, want->size, got->size);
	if (n > got->size)
		n = got->size;
	while (off < n && ((excused && excused[off]) || (unsigned char)bytes[off] == got->bytes[off]))
		off++;
	show("    optval   want", (const unsigned char *)bytes, (const unsigned char *)excused,
	     n < 16 ? n : 16);
	show("\n             got ", got->bytes, NULL, n < 16 ? n : 16);
	if (off < n)
		printf("  (byte %zu: want %02x, got %02x)", off, (unsigned char)bytes[off], got->bytes[off]);
	differ_if(off < n);
}

/* ---- the socket command of io_uring (Linux 6.7) ---- */

#include <linux/io_uring.h>

#ifndef __NR_io_uring_setup
#define __NR_io_uring_setup 425
#define __NR_io_uring_enter 426
#endif
enum { OP_URING_CMD = 46, CMD_GETSOCKOPT = 2, CMD_SETSOCKOPT = 3 };
enum { SQE_CMD_OP = 8, SQE_LEVEL = 16, SQE_OPTNAME = 20, SQE_OPTLEN = 44, SQE_OPTVAL = 48, SQE_SIZE = 64 };

static void sqe_put(unsigned char *sqe, unsigned off, uint64_t v, unsigned n)
{
	for (unsigned i = 0; i < n; i++, v >>= 8) /* little endian */
		sqe[off + i] = (unsigned char)v;
}

static void *ring_map(int fd, size_t size, off_t at)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, at);

	if (p == MAP_FAILED)
		cannot("mapping io_uring");
	return p;
}

/* A ring for one entry, made for the call and closed after it. */
static void call_uring(int is_get, int sock, int level, int optname, void *val, int len)
{
	struct io_uring_params p;
	unsigned char *sq, *cq, *sqe;
	unsigned tail, head;
	int fd;

	memset(&p, 0, sizeof(p));
	fd = (int)syscall(__NR_io_uring_setup, 1, &p);
	if (fd < 0)
		cannot("io_uring");
	sq = ring_map(fd, p.sq_off.array + p.sq_entries * 4, IORING_OFF_SQ_RING);
	cq = ring_map(fd, p.cq_off.cqes + p.cq_entries * sizeof(struct io_uring_cqe), IORING_OFF_CQ_RING);
	sqe = ring_map(fd, p.sq_entries * SQE_SIZE, IORING_OFF_SQES);
	memset(sqe, 0, SQE_SIZE);
	sqe[0] = OP_URING_CMD;
	sqe_put(sqe, 4, (uint32_t)sock, 4);
	sqe_put(sqe, SQE_CMD_OP, is_get ? CMD_GETSOCKOPT : CMD_SETSOCKOPT, 4);
	sqe_put(sqe, SQE_LEVEL, (uint32_t)level, 4);
	sqe_put(sqe, SQE_OPTNAME, (uint32_t)optname, 4);
	sqe_put(sqe, SQE_OPTLEN, (uint32_t)len, 4);
	sqe_put(sqe, SQE_OPTVAL, (uintptr_t)val, 8);
	tail = *(unsigned *)(void *)(sq + p.sq_off.tail);
	*(unsigned *)(void *)(sq + p.sq_off.array) = 0;
	record_reset();
	__atomic_store_n((unsigned *)(void *)(sq + p.sq_off.tail), tail + 1, __ATOMIC_RELEASE);
	if (syscall(__NR_io_uring_enter, fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) != 1)
		cannot("io_uring_enter");
	head = *(unsigned *)(void *)(cq + p.cq_off.head);
	if (head == __atomic_load_n((unsigned *)(void *)(cq + p.cq_off.tail), __ATOMIC_ACQUIRE))
		cannot("io_uring gave no result");
	got_ret = ((struct io_uring_cqe *)(void *)(cq + p.cq_off.cqes))->res;
	record_take();
	close(fd);
}

/* ---- the case ---- */

/* cgroup a, setsockopt: return 1 */
static struct bpf_insn a_set_1[] = {
	/* r6 = ctx */
	BPF_MOV64_REG(BPF_REG_6, BPF_REG_1),
	/* write down what is seen */
	BPF_LD_MAP_VALUE(BPF_REG_7, 0, 0),
	BPF_MOV64_REG(BPF_REG_8, BPF_REG_7),
	BPF_LDX_MEM(BPF_W, BPF_REG_1, BPF_REG_8, 0),
	BPF_MOV64_REG(BPF_REG_2, BPF_REG_1),
	BPF_ALU64_IMM(BPF_ADD, BPF_REG_2, 1),
	BPF_STX_MEM(BPF_W, BPF_REG_8, BPF_REG_2, 0),
	BPF_ALU64_IMM(BPF_AND, BPF_REG_1, 63),
	BPF_MOV64_REG(BPF_REG_2, BPF_REG_7),
	BPF_ALU64_REG(BPF_ADD, BPF_REG_2, BPF_REG_1),
	BPF_MOV64_IMM(BPF_REG_3, 0),
	BPF_STX_MEM(BPF_B, BPF_REG_2, BPF_REG_3, 8),
	BPF_ALU64_IMM(BPF_ADD, BPF_REG_7, 72),
	BPF_LDX_MEM(BPF_W, BPF_REG_1, BPF_REG_6, CTX_level),
	BPF_STX_MEM(BPF_W, BPF_REG_7, BPF_REG_1, 0),
	BPF_LDX_MEM(BPF_W, BPF_REG_1, BPF_REG_6, CTX_optname),
	BPF_STX_MEM(BPF_W, BPF_REG_7, BPF_REG_1, 4),
	BPF_LDX_MEM(BPF_W, BPF_REG_1, BPF_REG_6, CTX_optlen),
	BPF_STX_MEM(BPF_W, BPF_REG_7, BPF_REG_1, 8),
	BPF_EMIT_CALL(FN_get_retval),
	BPF_STX_MEM(BPF_W, BPF_REG_7, BPF_REG_0, 12),
	BPF_LDX_MEM(BPF_DW, BPF_REG_2, BPF_REG_6, CTX_optval),
	BPF_LDX_MEM(BPF_DW, BPF_REG_3, BPF_REG_6, CTX_optval_end),
	BPF_MOV64_REG(BPF_REG_1, BPF_REG_3),
	BPF_ALU64_REG(BPF_SUB, BPF_REG_1, BPF_REG_2),
	BPF_STX_MEM(BPF_W, BPF_REG_7, BPF_REG_1, 16),
	BPF_MOV64_REG(BPF_REG_3, BPF_REG_2),
	BPF_MOV64_REG(BPF_REG_2, BPF_REG_1),
	BPF_JMP_IMM(BPF_JLE, BPF_REG_2, 64, 1),
	BPF_MOV64_IMM(BPF_REG_2, 64),
	BPF_MOV64_REG(BPF_REG_1, BPF_REG_7),
	BPF_ALU64_IMM(BPF_ADD, BPF_REG_1, 24),
	BPF_EMIT_CALL(FN_probe_read_kernel),
	/* return 1 */
	BPF_MOV64_IMM(BPF_REG_0, 1),
	BPF_EXIT_INSN(),
};

int main(void)
{
	int sock[4];
	void *val;

	begin(1);
	record_open();
	attach(1, SET, MULTI, a_set_1, N(a_set_1)); /* to a */
	sock[0] = make_socket(1, 17, 2, 0); /* s = socket(AF_PACKET, SOCK_DGRAM, 0) in a */
	(void)sock;
	val = NULL;
	(void)val;

	val = buffer(PLAIN, NULL, 0, 0x43, 0);
	call_uring(0, sock[0], 0, 1, val, 0);
	say_call(1, "setsockopt(s, SOL_IP, IP_TOS, buf 0, optlen 0) via io_uring");
	check_ret(-95);
	check_mem();
	check_runs(0, 0);

	return finish();
}
