
/* ---- the call of a 32-bit task: int 0x80, which a 64-bit process may use too ---- */

#if !defined(__x86_64__) || defined(__ILP32__)
#error "32-bit calls from a 64-bit process: x86-64 only"
#endif

static void compat5(int is_get, int sock, int level, int optname, void *val, uintptr_t last)
{
	long ret;

	if (((uintptr_t)val | last) >> 32)
		cannot("memory below 4 GiB");
	record_reset();
	__asm__ volatile("int $0x80"
			 : "=a"(ret)
			 : "a"(is_get ? 365 : 366), "b"(sock), "c"(level), "d"(optname), "S"(val), "D"(last)
			 : "r8", "r9", "r10", "r11", "memory", "cc");
	got_ret = (int32_t)ret;
	record_take();
}

static void call_compat(int is_get, int sock, int level, int optname, void *val, int len, int32_t *at)
{
	compat5(is_get, sock, level, optname, val, is_get ? (uintptr_t)at : (uint32_t)len);
}
