
/* ---- operations: attaching and taking off, cgroups, sockets, in any order ---- */

enum { OBJ_INFO = 15, PROG_QUERY = 16, LINK_UPDATE = 29, LINK_DETACH = 34 };
enum { REPLACE = 4, BEFORE = 8, AFTER = 16, ID = 32, PREORDER = 64, LINK = 1 << 13 };
enum { OUTSIDE = 0, BESIDE_PROG = 1, BESIDE_LINK = 2, ROOM = 128 };

/* Cgroups, programs and links by number, the first one is 1; 0: none. */
static int prog[33], link_fd[81];
static uint32_t prog_id[33], link_id[81];
static unsigned task; /* the cgroup in which this process is */

struct op {
	unsigned cg, prog, other, link; /* other: replaced, or the old one */
	int type;			/* GET, SET */
	uint32_t flags;
	int anchor; /* BESIDE_ */
	unsigned at;
	uint64_t revision;
	uint32_t room;
	int effective, array;
};

static struct {
	uint32_t count, flags, n, entry;
	int entries_differ;
	uint64_t revision;
	unsigned prog[ROOM];
} answer;

static uint32_t id_of(int fd)
{
	uint32_t info[2] = {0, 0}; /* type, id */
	struct {
		uint32_t fd, size;
		uint64_t info;
	} a = {(uint32_t)fd, sizeof(info), (uintptr_t)info};

	if (bpf(OBJ_INFO, &a, sizeof(a)))
		cannot("the id of a program or link");
	return info[1];
}

MAYBE_UNUSED static void load_as(unsigned i, int type, struct bpf_insn *insns, unsigned n)
{
	prog[i] = load(type, insns, n);
	prog_id[i] = id_of(prog[i]);
}

static uint32_t anchor_of(const struct op *o)
{
	if (o->anchor == BESIDE_PROG)
		return o->flags & ID ? prog_id[o->at] : (uint32_t)prog[o->at];
	if (o->anchor == BESIDE_LINK)
		return o->flags & ID ? link_id[o->at] : (uint32_t)link_fd[o->at];
	return 0;
}

static void op_prog(int cmd, const struct op *o)
{
	struct {
		uint32_t target, prog, type, flags, replace, relative;
		uint64_t revision;
	} a = {(uint32_t)level_fd[o->cg],
	       o->prog ? (uint32_t)prog[o->prog] : ~0u,
	       (uint32_t)o->type,
	       o->flags,
	       o->other ? (uint32_t)prog[o->other] : 0,
	       anchor_of(o),
	       o->revision};

	got_ret = raw(bpf(cmd, &a, sizeof(a)));
}

MAYBE_UNUSED static void op_attach(const struct op *o)
{
	op_prog(PROG_ATTACH, o);
}

MAYBE_UNUSED static void op_detach(const struct op *o)
{
	op_prog(PROG_DETACH, o);
}

MAYBE_UNUSED static void op_link(const struct op *o)
{
	struct {
		uint32_t prog, target, type, flags, relative, pad;
		uint64_t revision;
	} a = {(uint32_t)prog[o->prog],
	       (uint32_t)level_fd[o->cg],
	       (uint32_t)o->type,
	       o->flags,
	       anchor_of(o),
	       0,
	       o->revision};
	long fd = bpf(LINK_CREATE, &a, sizeof(a));

	got_ret = fd < 0 ? raw(fd) : 0;
	link_fd[o->link] = (int)fd;
	link_id[o->link] = fd < 0 ? 0 : id_of((int)fd);
}

MAYBE_UNUSED static void op_update(const struct op *o)
{
	struct {
		uint32_t link, prog, flags, old;
	} a = {(uint32_t)link_fd[o->link], (uint32_t)prog[o->prog], o->other ? REPLACE : 0,
	       o->other ? (uint32_t)prog[o->other] : 0};

	got_ret = raw(bpf(LINK_UPDATE, &a, sizeof(a)));
}

MAYBE_UNUSED static void op_link_detach(const struct op *o)
{
	uint32_t fd = (uint32_t)link_fd[o->link];

	got_ret = raw(bpf(LINK_DETACH, &fd, sizeof(fd)));
}

MAYBE_UNUSED static void op_close_link(const struct op *o)
{
	got_ret = raw(close(link_fd[o->link]));
	link_fd[o->link] = -1;
}

MAYBE_UNUSED static void op_query(const struct op *o)
{
	static uint32_t ids[ROOM], entry[ROOM];
	struct {
		uint32_t target, type, query_flags, flags;
		uint64_t ids;
		uint32_t count, pad;
		uint64_t entry, links, link_flags, revision;
	} a;

	memset(&a, 0, sizeof(a));
	memset(ids, 0, sizeof(ids));
	memset(entry, 0, sizeof(entry));
	a.target = (uint32_t)level_fd[o->cg];
	a.type = (uint32_t)o->type;
	a.query_flags = (uint32_t)o->effective;
	a.ids = (uintptr_t)ids;
	a.count = o->room;
	a.entry = o->array ? (uintptr_t)entry : 0;
	got_ret = raw(bpf(PROG_QUERY, &a, sizeof(a)));
	answer.count = a.count;
	answer.flags = a.flags;
	answer.revision = a.revision;
	answer.n = a.count < o->room ? a.count : o->room;
	answer.entry = entry[0];
	answer.entries_differ = 0;
	for (unsigned i = 0; i < answer.n; i++) {
		answer.prog[i] = 0;
		answer.entries_differ |= entry[i] != entry[0];
		for (unsigned k = 1; k < N(prog); k++)
			if (prog[k] > 0 && prog_id[k] == ids[i])
				answer.prog[i] = k;
	}
}

/* ---- cgroups and tasks ---- */

MAYBE_UNUSED static void op_mkdir(const struct op *o)
{
	got_ret = raw(mkdir(level_path[o->cg], 0755));
	if (got_ret)
		return;
	level_fd[o->cg] = open(level_path[o->cg], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (level_fd[o->cg] < 0)
		cannot(level_path[o->cg]);
}

MAYBE_UNUSED static void op_rmdir(const struct op *o)
{
	got_ret = raw(rmdir(level_path[o->cg]));
}

static int64_t go(unsigned cg)
{
	int fd = openat(level_fd[cg], "cgroup.procs", O_WRONLY | O_CLOEXEC);
	int64_t ret = fd < 0 ? -errno : write(fd, "0", 1) == 1 ? 0 : -errno;

	if (fd >= 0)
		close(fd);
	return ret;
}

MAYBE_UNUSED static void op_move(const struct op *o)
{
	got_ret = go(o->cg);
	if (!got_ret)
		task = o->cg;
}

/* ---- sockets ---- */

/* A socket of cgroup cg; -1 if the cgroup cannot be entered, which is a result. */
MAYBE_UNUSED static int op_socket(unsigned cg, int pair, int family, int type, int protocol)
{
	int fd[2] = {-1, -1};

	got_ret = go(cg);
	if (!got_ret) {
		if (pair ? socketpair(family, type, protocol, fd)
			 : (fd[0] = socket(family, type, protocol)) < 0)
			cannot("socket");
		if (go(task))
			cannot("moving back");
	}
	return fd[0];
}

MAYBE_UNUSED static void op_close_socket(int *fd)
{
	got_ret = raw(close(*fd));
	*fd = -1;
}

/* ---- want and got ---- */

MAYBE_UNUSED static void say_step(unsigned nr, const char *text)
{
	printf("step %u: %s\n", nr, text);
}

/* Both are right: the kernel takes its time. */
MAYBE_UNUSED static void check_either(int64_t want, int64_t other)
{
	char a[40], b[40], c[40];

	printf("  ret     want %s or %s, got %s", ret_text(want, a, sizeof(a)), ret_text(other, b, sizeof(b)),
	       ret_text(got_ret, c, sizeof(c)));
	differ_if(want != got_ret && other != got_ret);
}

MAYBE_UNUSED static void check_number(const char *what, int64_t want, int64_t got)
{
	printf("  %-8s want %-12lld got %lld", what, (long long)want, (long long)got);
	differ_if(want != got);
}

/* Programs by number, the first one is 1: of a query, or those that ran for a call. */
MAYBE_UNUSED static void check_list(const char *what, const unsigned *want, unsigned n, const unsigned *got,
				    unsigned n_got)
{
	unsigned k = 0;

	printf("  %s: want", what);
	for (unsigned i = 0; i < n; i++)
		printf(" p%u", want[i]);
	printf(", got");
	for (unsigned i = 0; i < n_got; i++)
		printf(" p%u", got[i]);
	while (k < n && k < n_got && want[k] == got[k])
		k++;
	differ_if(n != n_got || k < n);
}
