#!/bin/bash
# SPDX-License-Identifier: MIT
# hookdiff kernel against a Debian mirror in a folder of this machine: what apt does is real, the kernels are not.
# Skips where there is no apt. The one part that needs a network runs with HOOKDIFF_TEST_NETWORK=1 only.
set -u
export LC_ALL=C
: "${HOOKDIFF:?the binary under test}"
make=${HD_BUILD_DIR:?the build tree}/tests/test_kernels
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
chmod 755 "$tmp" # root's apt fetches as another user
failures=0 checks=0

for tool in apt-get apt-config /usr/lib/apt/apt-helper sha256sum; do
	if ! command -v "$tool" >/dev/null; then
		echo "SKIP: no $tool here: Debian or Ubuntu has it"
		exit 77
	fi
done
if [ "$(uname -m)" != x86_64 ]; then
	echo "SKIP: kernels are fetched on x86_64 only, this is $(uname -m)"
	exit 77
fi
if [ ! -x "$make" ]; then
	echo "SKIP: $make makes the packages and is not built: apt-get install libcmocka-dev"
	exit 77
fi

# expect CODE PATTERN COMMAND...: the exit code, and a line of stdout and stderr together that matches (grep -E).
expect() {
	local want=$1 pattern=$2 got
	shift 2
	"$@" >"$tmp/out" 2>&1 </dev/null
	got=$?
	checks=$((checks + 1))
	if [ "$got" -ne "$want" ] || ! grep -qE -- "$pattern" "$tmp/out"; then
		failures=$((failures + 1))
		echo "FAIL: $*"
		echo "  want exit $want and a line like: $pattern"
		echo "  got exit $got and:"
		sed 's/^/    /' "$tmp/out"
	fi
}

# holds WHAT COMMAND...
holds() {
	checks=$((checks + 1))
	if ! "${@:2}" >/dev/null 2>&1; then
		failures=$((failures + 1))
		echo "FAIL: $1: ${*:2}"
	fi
}

not() { ! "$@"; }

# --- the mirror -------------------------------------------------------------------------------------------------
mirror=$tmp/mirror/debian

# package SUITE NAME VERSION RELEASE DEPENDS [PART...]: makes it and lists it in a suite. With DEPENDS "unlisted"
# it is in the pool only.
package() {
	local name=$2 version=$3 release=$4 depends=$5
	local file=pool/$2_$3_amd64.deb list=$mirror/dists/$1/main/binary-amd64/Packages
	shift 5
	mkdir -p "$mirror/pool" "${list%/*}"
	"$make" make "$mirror/$file" "$name" "$version" "$release" "$@"
	[ "$depends" != unlisted ] || return 0
	printf 'Package: %s\nVersion: %s\nArchitecture: amd64\nDepends: %s\nFilename: %s\nSize: %s\nSHA256: %s\n\n' "$name" \
		"$version" "$depends" "$file" "$(stat -c %s "$mirror/$file")" "$(sha256sum <"$mirror/$file" | cut -d' ' -f1)" >>"$list"
}

# release SUITE: the file that apt trusts here because the source says so.
release() {
	local dir=$mirror/dists/$1 list=main/binary-amd64/Packages
	printf 'Origin: Debian\nSuite: %s\nCodename: %s\nArchitectures: amd64\nComponents: main\nDate: %s\n%sSHA256:\n %s %s %s\n' \
		"$1" "$1" "$(date -Ru)" "${2-}" "$(sha256sum <"$dir/$list" | cut -d' ' -f1)" "$(stat -c %s "$dir/$list")" "$list" \
		>"$dir/Release"
}

package bookworm linux-image-6.1.0-1-cloud-amd64 6.1.5-1 6.1.0-1-cloud-amd64 "kmod" image modules config
package bookworm linux-image-6.1.0-2-cloud-amd64 6.1.90-1 6.1.0-2-cloud-amd64 "kmod" image modules config
package bookworm linux-image-6.1.0-2-cloud-amd64-dbg 6.1.90-1 6.1.0-2-cloud-amd64 "" debug
package bookworm linux-image-6.1.0-2-amd64 6.1.90-1 6.1.0-2-amd64 "kmod" image modules config
package bookworm linux-image-6.12-cloud-amd64 6.12.9-1~bpo12+1 6.12.9+deb12-cloud-amd64 \
	"linux-image-6.12.9+deb12-cloud-amd64 (= 6.12.9-1~bpo12+1)"
package bookworm linux-image-6.12.9+deb12-cloud-amd64 6.12.9-1~bpo12+1 6.12.9+deb12-cloud-amd64 "kmod" image
# In parts, as from 6.19 on; and one of whose parts the list knows only some.
r=7.2.5+deb13-cloud-amd64
package trixie linux-image-$r 7.2.5-1 $r "kmod, linux-binary-$r (= 7.2.5-1), linux-modules-$r (= 7.2.5-1)"
package trixie linux-binary-$r 7.2.5-1 $r "linux-base-$r (= 7.2.5-1)" image
package trixie linux-base-$r 7.2.5-1 $r "" config
package trixie linux-modules-$r 7.2.5-1 $r "linux-base-$r (= 7.2.5-1)" modules
r=7.0.3+deb13-cloud-amd64
package trixie linux-image-$r 7.0.3-1 $r "kmod, linux-binary-$r (= 7.0.3-1), linux-modules-$r (= 7.0.3-1)"
package trixie linux-binary-$r 7.0.3-1 $r "" image
package trixie linux-modules-$r 7.0.3-1 $r unlisted modules
r=6.19.3+deb13-cloud-amd64
package trixie linux-image-$r 6.19.3-1 $r "kmod, linux-binary-$r (= 6.19.3-1)"
package trixie linux-binary-$r 6.19.3-1 $r unlisted image
# What it holds is not what the list says.
package trixie linux-image-6.99.1-cloud-amd64 6.99.1-1 6.99.1-cloud-amd64 "kmod" image
printf 'x' >>"$mirror/pool/linux-image-6.99.1-cloud-amd64_6.99.1-1_amd64.deb"
package trixie linux-image-6.98.1-cloud-amd64 6.98.1-1 6.98.1-cloud-amd64 "kmod" image
rm "$mirror/pool/linux-image-6.98.1-cloud-amd64_6.98.1-1_amd64.deb"
release bookworm
release trixie
# Expired, and without a signature that anybody asked to overlook: neither may be believed.
package sid linux-image-7.9.1-cloud-amd64 7.9.1-1 7.9.1-cloud-amd64 "kmod" image
release sid "Valid-Until: $(date -Ru -d '3 days ago')
"

# The machine's apt, as hookdiff sees it.
mkdir -p "$tmp/etc/sources.list.d" "$tmp/etc/apt.conf.d"
echo "deb [trusted=yes] file://$mirror bookworm main" >"$tmp/etc/sources.list"
cat >"$tmp/apt.conf" <<END
Dir::Etc "$tmp/etc";
Dir::Etc::sourcelist "sources.list";
Dir::Etc::sourceparts "sources.list.d";
APT::Update::Post-Invoke { "touch $tmp/a-hook-ran"; };
END
export APT_CONFIG=$tmp/apt.conf XDG_CACHE_HOME=$tmp/cache HOME=$tmp
kernels=$tmp/cache/hookdiff/kernels

# --- list ---------------------------------------------------------------------------------------------------------
expect 0 '^debian:6\.1 +6\.1\.90-1 +cloud-amd64 +bookworm +- ' "$HOOKDIFF" kernel list
holds "the newest of a series only" test "$(grep -c '^debian:6\.1 ' "$tmp/out")" = 1
holds "the package of a package is no kernel" grep -qE '^debian:6\.12 +6\.12\.9-1~bpo12\+1 ' "$tmp/out"
holds "parts that are no longer listed are told" grep -qE '^debian:7\.0 +.* partly ' "$tmp/out"
holds "an expired suite is not believed" not grep -q "debian:7\.9" "$tmp/out"
holds "no hook of the machine's apt runs" test ! -e "$tmp/a-hook-ran"
expect 0 'apt-get says: .*expired' "$HOOKDIFF" kernel list --verbose
expect 0 '^debian:6\.1\.5-1 ' "$HOOKDIFF" kernel list --verbose
expect 0 '"complete": *false' "$HOOKDIFF" kernel list --json
expect 0 '"spec": *"debian:7\.2"' "$HOOKDIFF" kernel list --json

# --- list: what was built here --------------------------------------------------------------------------------------
# built NAME RELEASE WHEN
built() {
	local folder=$tmp/cache/hookdiff/builds/$1
	mkdir -p "$folder"
	head -c 3000000 /dev/zero >"$folder/linux"
	printf 'version 6.12.9-1\nflavour um\nsuite build\nrelease %s\nboot linux\nboot_size 3000000\nmodules 0\n' "$2" >"$folder/info"
	touch -d "$3" "$folder/info"
}
built 6.12.9-1_um-0000000000bb 6.12.9-new '1 hour ago'
built 6.12.9-1_um-0000000000aa 6.12.9-old '1 day ago'
built 6.12.9-1_um+fix-0000000000cc 6.12.9-fixed '2 days ago'
built 6.12.9-1_x86-0000000000dd.tmp 6.12.9-half now
expect 0 "^build:6\.12\.9-1_um +6\.12\.9-new +3 MB +$tmp/cache/hookdiff/builds/6\.12\.9-1_um-0000000000bb\$" "$HOOKDIFF" kernel list
holds "each name once, half a build never" test "$(grep -c '^build:' "$tmp/out")" = 2
expect 0 '^build:6\.12\.9-1_um\+fix +6\.12\.9-fixed ' "$HOOKDIFF" kernel list
expect 0 '^build:6\.12\.9-1_um-0000000000aa +6\.12\.9-old ' "$HOOKDIFF" kernel list --verbose
holds "all builds" test "$(grep -c '^build:' "$tmp/out")" = 3
expect 0 '"spec": *"build:6\.12\.9-1_um"' "$HOOKDIFF" kernel list --json
holds "JSON says where" grep -q "\"folder\": *\"$tmp/cache/hookdiff/builds/6.12.9-1_um-0000000000bb\"" "$tmp/out"
holds "JSON says the release" grep -q '"release": *"6.12.9-new"' "$tmp/out"
holds "each name once in JSON" test "$(grep -c '"suite": *"build"' "$tmp/out")" = 2
XDG_CACHE_HOME=$tmp/empty3 expect 0 '^debian:6\.1 ' "$HOOKDIFF" kernel list
holds "no build, no table of builds" not grep -q 'BUILT HERE' "$tmp/out"

# --- get ----------------------------------------------------------------------------------------------------------
expect 0 '^debian:6\.1: 6\.1\.90-1, release 6\.1\.0-2-cloud-amd64, fetched in [0-9.]+ s$' "$HOOKDIFF" kernel get debian:6.1
expect 0 '^debian:6\.1: 6\.1\.90-1, release 6\.1\.0-2-cloud-amd64, found in ' "$HOOKDIFF" kernel get debian:6.1
expect 0 '6\.1\.5-1, release 6\.1\.0-1-cloud' "$HOOKDIFF" kernel get debian:6.1.5
expect 0 '6\.1\.5-1, .*found' "$HOOKDIFF" kernel get debian:6.1.5-1
expect 0 '^debian:7\.2: 7\.2\.5-1, release 7\.2\.5\+deb13-cloud-amd64' "$HOOKDIFF" kernel get debian:7.2
holds "the configuration of another package" test -s "$kernels/7.2.5-1_cloud-amd64/config"
holds "the modules of another package" \
	test -s "$kernels/7.2.5-1_cloud-amd64/lib/modules/7.2.5+deb13-cloud-amd64/modules.dep"
expect 0 'linux-modules-7\.0\.3.* is no longer listed' "$HOOKDIFF" kernel get debian:7.0
expect 2 'SKIP: debian:6\.19: .*linux-binary-6\.19\.3\+deb13-cloud-amd64 is not listed' "$HOOKDIFF" kernel get debian:6.19
expect 2 'SKIP: debian:9\.9: expected a version .* found 6\.1, 6\.12, ' "$HOOKDIFF" kernel get debian:9.9
expect 2 'debian:6\.99: .*([Hh]ash|size|Size)' "$HOOKDIFF" kernel get debian:6.99
holds "nothing of a refused package is left" not test -e "$kernels/6.99.1-1_cloud-amd64" -o -e "$kernels/6.99.1-1_cloud-amd64.tmp"
expect 2 'linux-image-6\.98\.1' "$HOOKDIFF" kernel get debian:6.98
expect 2 '^debian:6\.1: .* found' "$HOOKDIFF" kernel get debian:9.9 debian:6.1
expect 64 'expected a series such as debian:6\.12' "$HOOKDIFF" kernel get debian:6.1 debian:bookworm
expect 64 'expected list, get, path or build' "$HOOKDIFF" kernel fetch debian:6.1
expect 64 'expected SPEC' "$HOOKDIFF" kernel get
expect 64 'expected one SPEC, found 2' "$HOOKDIFF" kernel path debian:6.1 debian:6.12
expect 0 "^$kernels/6\.1\.90-1_cloud-amd64/vmlinux\$" "$HOOKDIFF" kernel path debian:6.1
holds "path prints the file alone" test "$(wc -l <"$tmp/out")" = 1
expect 0 "^$kernels/6\.12\.9-1~bpo12\+1_cloud-amd64/vmlinux\$" "$HOOKDIFF" kernel path debian:6.12
expect 0 '"release": *"6\.1\.0-2-cloud-amd64"' "$HOOKDIFF" kernel get debian:6.1 --json
expect 0 '^debian:6\.1 .* cached ' "$HOOKDIFF" kernel list

# --- debug information ------------------------------------------------------------------------------------------------
case=$HD_SOURCE_DIR/corpus/set/set-result.case
expect 2 'SKIP: debian:7\.2: expected the package linux-image-7\.2\.5\+deb13-cloud-amd64-dbg 7\.2\.5-1 in the archive, found none' \
	"$HOOKDIFF" coverage --kernel debian:7.2 "$case"
expect 2 'fetching the debug information of Linux 6\.1\.90-1, [0-9]+ MB' "$HOOKDIFF" coverage --kernel debian:6.1 "$case"
holds "what the package holds is no program" grep -q 'vmlinux\.debug: expected a linked ELF program' "$tmp/out"
holds "only the one file is kept" test "$(find "$kernels/6.1.90-1_cloud-amd64" -name '*debug*' | wc -l)" = 2 # and its lock
expect 2 'vmlinux\.debug: expected a linked ELF' "$HOOKDIFF" coverage --kernel debian:6.1.90-1 "$case"
holds "it is fetched once" not grep -q fetching "$tmp/out"

# --- the mirror changes ----------------------------------------------------------------------------------------------
package bookworm linux-image-6.1.0-3-cloud-amd64 6.1.91-1 6.1.0-3-cloud-amd64 "kmod" image modules config
release bookworm
expect 0 '6\.1\.90-1, .*found' "$HOOKDIFF" kernel get debian:6.1 # today's lists are good enough
expect 0 '^debian:6\.1 +6\.1\.91-1 .* - ' "$HOOKDIFF" kernel list --refresh
touch -d '2 days ago' "$kernels/apt/index"
expect 0 '6\.1\.91-1, .*fetched' "$HOOKDIFF" kernel get debian:6.1

# Today's lists name a package that the mirror has replaced since: they are fetched anew, once.
rm "$mirror/pool/linux-image-6.12.9"*
package bookworm linux-image-6.12.10+deb12-cloud-amd64 6.12.10-1 6.12.10+deb12-cloud-amd64 "kmod" image
release bookworm
touch -d '1 minute ago' "$kernels/apt/index"
rm -rf "$kernels"/6.12.9*
expect 0 '6\.12\.10-1, .*fetched' "$HOOKDIFF" kernel get debian:6.12
rm -rf "$kernels"/6.12.10*

# Several at once fetch it once.
for _ in 1 2 3 4; do "$HOOKDIFF" kernel get debian:6.1.90 debian:6.12 & done >"$tmp/all" 2>&1
wait
holds "four at once" test "$(grep -c 'release 6.1' "$tmp/all")" = 8
rm -rf "$kernels"/6.12.10*
for _ in 1 2 3 4; do "$HOOKDIFF" kernel get debian:6.12 & done >"$tmp/all" 2>&1
wait
holds "four at once fetch it once" test "$(grep -c 'fetched in' "$tmp/all")/$(grep -c 'found in' "$tmp/all")" = 1/3

# --- without the mirror -----------------------------------------------------------------------------------------------
mv "$tmp/mirror" "$tmp/away"
touch -d '2 days ago' "$kernels/apt/index"
expect 0 '6\.1\.91-1, .*found' "$HOOKDIFF" kernel get debian:6.1
expect 2 'debian:6\.1\.7: ' "$HOOKDIFF" kernel get debian:6.1.7
XDG_CACHE_HOME=$tmp/empty expect 2 'SKIP: debian:6\.1: not in the cache, and ' "$HOOKDIFF" kernel get debian:6.1
holds "one line" test "$(grep -vc 'fetching package lists' "$tmp/out")" = 1
XDG_CACHE_HOME=$tmp/empty expect 2 'hookdiff: kernel list: ' "$HOOKDIFF" kernel list
echo "deb http://archive.ubuntu.com/ubuntu noble main" >"$tmp/etc/sources.list"
[ -e /usr/share/keyrings/debian-archive-keyring.gpg ] ||
	XDG_CACHE_HOME=$tmp/empty2 expect 2 'install debian-archive-keyring' "$HOOKDIFF" kernel get debian:6.1
XDG_CACHE_HOME=/proc/nothing expect 2 '/proc/nothing.*XDG_CACHE_HOME' "$HOOKDIFF" kernel get debian:6.1
XDG_CACHE_HOME='' HOME='' expect 2 'expected HOME or XDG_CACHE_HOME' "$HOOKDIFF" kernel get debian:6.1

# --- a small disk -----------------------------------------------------------------------------------------------------
mv "$tmp/away" "$tmp/mirror"
echo "deb [trusted=yes] file://$mirror bookworm main" >"$tmp/etc/sources.list"
mkdir "$tmp/small"
if mount -t tmpfs -o size=20m none "$tmp/small" 2>/dev/null; then
	XDG_CACHE_HOME=$tmp/small expect 2 'expected [0-9]+ MiB of free space' "$HOOKDIFF" kernel get debian:6.1
	umount "$tmp/small"
else
	echo "not checked: a full disk (mounting needs root)"
fi

# --- a signature that is missing ----------------------------------------------------------------------------------------
echo "deb file://$mirror bookworm main" >"$tmp/etc/sources.list"
XDG_CACHE_HOME=$tmp/unsigned expect 2 'is not signed' "$HOOKDIFF" kernel get debian:6.1

# --- the real archive ----------------------------------------------------------------------------------------------------
if [ -n "${HOOKDIFF_TEST_NETWORK-}" ]; then
	unset APT_CONFIG
	XDG_CACHE_HOME=$tmp/real expect 0 '^debian:6\.12: 6\.12\.' "$HOOKDIFF" kernel get debian:6.12
else
	echo "not checked: the real archive (HOOKDIFF_TEST_NETWORK=1 fetches 80 MB)"
fi

echo "$checks checks, $failures failed"
[ "$failures" -eq 0 ]
