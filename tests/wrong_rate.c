/* SPDX-License-Identifier: MIT */
/* wrong_rate CASES [SEED]: in how many generated cases (mutate/gen.h, as the bulk loop runs them) each wrong
 * oracle of wrong.h shows, and the first of them. */
#include <stdio.h>
#include <stdlib.h>

#include "harness/mutate/gen.h"
#include "wrong.h"

#define WRONGS 16

int main(int argc, char **argv)
{
	uint64_t cases = argc > 1 ? strtoull(argv[1], NULL, 0) : 0,
		 seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
	static uint64_t shown[WRONGS], first[WRONGS];
	static struct tcase tc;
	static struct gen gen;
	struct wrong_run *run = wrong_run_new();

	if (!cases || !run || n_wrongs > WRONGS) {
		fputs("usage: wrong_rate CASES [SEED]\n", stderr);
		return 64;
	}
	gen_init(&gen, seed);
	for (uint64_t i = 0; i < cases; i++) {
		gen_case(&gen, i, &tc);
		for (uint32_t set = wrong_which(run, &tc); set; set &= set - 1) {
			unsigned x = (unsigned)__builtin_ctz(set);

			first[x] = shown[x] ? first[x] : i;
			shown[x]++;
		}
	}
	printf("%-18s %8s %12s   first case, of seed %llu\n", "wrong oracle", "cases", "per million",
	       (unsigned long long)seed);
	for (unsigned x = 0; x < n_wrongs; x++) {
		printf("%-18s %8llu %12.3f", wrongs[x].name, (unsigned long long)shown[x],
		       1e6 * (double)shown[x] / (double)cases);
		if (shown[x])
			printf("   %llu", (unsigned long long)first[x]);
		putchar('\n');
	}
	printf("of %llu generated cases\n", (unsigned long long)cases);
	wrong_run_free(run);
	return 0;
}
