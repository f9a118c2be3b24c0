#!/bin/sh
# gpu_dependencies.sh FOLDER: downloads the Debian or Ubuntu packages that the build needs, but for compiler, CMake and
# CUDA, and unpacks them into FOLDER without installing anything. Carry FOLDER to a machine that has a GPU and no
# network, and name it there in SACCADE_DEPENDENCIES; see docs/cuda.md. Both machines should run the same release.
set -eu

folder=${1:?name a folder}
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)

# The libraries' own packages have names that go with the release, so they are asked for.
runtime() {
  apt-cache depends "$1" | sed -n 's/^ *Depends: \(lib\(png16\|jpeg\|jpeg-turbo\)[^ ]*\)$/\1/p'
}
packages="libeigen3-dev nlohmann-json3-dev libstb-dev libpng-dev zlib1g-dev libjpeg-dev libcli11-dev catch2"
for package in libpng-dev libjpeg-dev libjpeg62-turbo-dev libjpeg-turbo8-dev; do
  packages="$packages $(runtime "$package" 2>/dev/null | tr '\n' ' ')"
done
for package in libjpeg62-turbo libjpeg62-turbo-dev libjpeg-turbo8 libjpeg-turbo8-dev; do
  apt-cache show "$package" >/dev/null 2>&1 && packages="$packages $package"
done

download=$(mktemp -d)
trap 'rm -rf "$download"' EXIT
cd "$download"
# shellcheck disable=SC2086 # the packages are words
packages=$(printf "%s\n" $packages | sort -u)
# shellcheck disable=SC2086 # words again
apt-get download $packages
for package in ./*.deb; do
  dpkg-deb -x "$package" "$folder"
done
rm -rf "$folder/usr/share/doc"
echo "unpacked into $folder; name it in SACCADE_DEPENDENCIES"
