#!/bin/sh
# install_dependencies.sh build|test [PACKAGE...]: installs what is missing on Debian or Ubuntu to build the programs, or
# to build and run the tests, and any further packages named. As root or with sudo that asks for no password it
# installs; otherwise it prints the one line to run, and fails. Elsewhere it leaves the search to CMake.
# PACKAGE may be libtorch-dev, which is large: the backend in examples/your_own_backend needs it, and nothing else does.
set -eu

purpose=${1:?build or test}
shift
packages="g++ cmake ninja-build libeigen3-dev nlohmann-json3-dev libstb-dev libpng-dev libjpeg-dev libcli11-dev"
case $purpose in
  build) ;;
  test) packages="$packages catch2 libopenmpi-dev openmpi-bin" ;;
  *)
    echo "install_dependencies.sh: the purpose must be build or test, but is $purpose" >&2
    exit 2
    ;;
esac

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
  echo "No apt here: please see that these are installed, by whatever name: $packages" >&2
  exit 0
fi

is_installed() {
  dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed
}

missing=
for package in $packages "$@"; do
  is_installed "$package" || missing="$missing $package"
done

if [ -n "$missing" ]; then
  install="apt-get install -y --no-install-recommends$missing"
  if [ "$(id -u)" = 0 ]; then
    as_root=env
  elif sudo -n true 2>/dev/null; then
    as_root="sudo -n env"
  else
    echo "Some packages are missing. Please run this and try again:" >&2
    echo "  sudo apt-get update && sudo $install" >&2
    exit 1
  fi
  echo "Installing$missing" >&2
  $as_root DEBIAN_FRONTEND=noninteractive apt-get update -q >&2
  # shellcheck disable=SC2086 # the packages are words
  $as_root DEBIAN_FRONTEND=noninteractive $install >&2
fi

version=$(cmake --version | sed -n '1s/[^0-9]*\([0-9]*\.[0-9]*\).*/\1/p')
if [ "${version%.*}" -lt 3 ] || { [ "${version%.*}" -eq 3 ] && [ "${version#*.}" -lt 25 ]; }; then
  echo "CMake 3.25 or newer is needed, but this is $version (Debian 12 and Ubuntu 24.04 have it)." >&2
  exit 1
fi
