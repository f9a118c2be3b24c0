#!/bin/sh
# gpu_dependencies.sh FOLDER: downloads the Debian or Ubuntu packages that the build needs, but for compiler, CMake and
# CUDA, and unpacks them into FOLDER without installing anything. Carry FOLDER to a machine that has a GPU and no
# network, and name it there in SACCADE_DEPENDENCIES; see docs/cuda.md. That machine's release should not be older.
set -eu

folder=${1:?name a folder}
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)

# Of those whose names differ between Debian and Ubuntu, the ones that are known here.
packages=
for package in libeigen3-dev nlohmann-json3-dev libstb-dev libcli11-dev catch2 zlib1g zlib1g-dev libpng-dev libpng16-16 \
  libpng16-16t64 libjpeg62-turbo libjpeg62-turbo-dev libjpeg-turbo8 libjpeg-turbo8-dev; do
  if apt-cache policy "$package" 2>/dev/null | grep -q 'Candidate: [0-9]'; then packages="$packages $package"; fi
done

download=$(mktemp -d)
trap 'rm -rf "$download"' EXIT
cd "$download"
# shellcheck disable=SC2086 # the packages are words
apt-get download $packages
for package in ./*.deb; do
  dpkg-deb -x "$package" "$folder"
done
rm -rf "$folder/usr/share/doc"
# Links to where the packages would have been installed.
find "$folder" -type l | while read -r link; do
  target=$(readlink "$link")
  case $target in /*) [ ! -e "$folder$target" ] || ln -srfn "$folder$target" "$link" ;; esac
done
echo "unpacked into $folder; name it in SACCADE_DEPENDENCIES"
