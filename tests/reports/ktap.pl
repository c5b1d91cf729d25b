#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# ktap.pl FILE: the document and each of its subtests must be TAP to TAP::Parser (Test::Harness), plans kept and no
# line of an unknown kind but the version; the results that it counts must be those of the line of totals.
use strict;
use warnings;
use TAP::Parser;

my (@top, @blocks, %got, $totals, $bad);
open my $f, '<:encoding(UTF-8)', $ARGV[0] or die "$ARGV[0]: $!\n";
while (<$f>) {
	chomp;
	if (/^  KTAP version 1$/) { push @blocks, [$_] }
	elsif (/^  / && @blocks) { push @{$blocks[-1]}, $_ }
	else { push @top, $_ }
}
$bad = 0;
sub complain { print "@_\n"; $bad++ }

sub look {
	my ($what, $indent, @lines) = @_;
	complain("$what: does not begin with the version") if shift(@lines) ne "${indent}KTAP version 1";
	s/^$indent// for @lines;
	my $p = TAP::Parser->new({ tap => join("\n", @lines) . "\n" });
	my $tests = 0;
	while (my $r = $p->next) {
		complain("$what: not TAP: " . $r->raw) if $r->is_unknown || $r->is_bailout || $r->is_yaml;
		complain("$what: $1") if $r->is_comment && $r->raw =~ /^(# Totals:.*)/ && $indent;
		$totals = $1 if $r->is_comment && $r->raw =~ /^# Totals: (.*)/ && !$indent;
		next unless $r->is_test;
		$tests++;
		next unless $indent;
		my $d = $r->description . ' ' . $r->directive;
		my $k = $r->has_skip ? 'skip' : $r->raw =~ /^ok .* # XFAIL/ ? 'xfail'
			: $r->is_actual_ok ? 'pass' : $r->raw =~ / # ERROR/ ? 'error' : 'fail';
		$got{$k}++;
		complain("$what: not one of our ids: $d") unless $r->raw =~ /^(not )?ok \d+ hookdiff\.[A-Za-z0-9_.-]+( # .*)?$/;
	}
	complain("$what: $_") for $p->parse_errors;
	complain("$what: plan $tests") unless $p->is_good_plan && $p->tests_planned == $tests;
	return $tests;
}

my $kernels = look('document', '', @top);
complain("$kernels results, " . @blocks . ' subtests') if $kernels != @blocks;
look("subtest $_", '  ', @{$blocks[$_ - 1]}) for 1 .. @blocks;
my $want = join ' ', map { "$_:" . ($got{$_} // 0) } qw(pass fail xfail xpass skip error);
complain("totals '" . ($totals // 'none') . "', counted '$want'") if ($totals // '') ne $want;
print "$want\n";
exit($bad ? 1 : 0);
