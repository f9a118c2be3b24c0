#!/usr/bin/env python3
"""Makes docs/results.md from the folders of the studies: only what they measured, and where nothing was, that.

usage: results_page.py [--clutter DIR] [--tissue DIR] [--breakhis DIR] [--blood DIR] [--breakhis-pretrained DIR]
                       [--out FILE]

Each DIR is what a study was given as --out. A file about.md in it, which names the
command and the machine, is put above its table. The pictures go into the folder images/ beside the page. Nothing is
written where a folder cannot be used.
"""
import argparse
import json
import pathlib
import shutil
import sys

STUDIES = {
    "clutter": (
        "Cluttered objects",
        "An object of Fashion-MNIST at a random place among pieces of others: the share of wrong answers.",
        "build/release/bin/clutter_study --out clutter",
    ),
    "tissue": (
        "Synthetic tissue",
        "Drawn tissue in which one region tells the class, and it is known where: does a model learn to look there?",
        "build/release/bin/tissue_study --out tissue",
    ),
    "breakhis": (
        "BreakHis",
        "Photographs of breast tumours, divided by patient, beside the published figures.",
        "build/release/bin/breakhis_study --data DIR --out breakhis",
    ),
    "blood": (
        "Blood smears",
        "Photographs of blood smears in which one white cell among thirty red ones tells the class, with a pretrained "
        "encoder.",
        "build/release/bin/image_study --data blood --preset pretrained --weights FILE --out blood",
    ),
    "breakhis-pretrained": (
        "BreakHis with a pretrained encoder",
        "Photographs of breast tumours at 100x; groups of patients are left out in turn.",
        "build/release/bin/image_study --data DIR --preset pretrained --weights FILE --folds 10 --out breakhis-pretrained",
    ),
}


def program_of(name):
    """The study of a section, by its command."""
    return STUDIES[name][2].split()[0].rpartition("/")[2]


class Problem(Exception):
    """One sentence for stderr."""


def results_of(name, folder):
    """The content of a study's results.json."""
    file, program = folder / "results.json", program_of(name)
    try:
        results = json.loads(file.read_text(encoding="utf-8"))
    except OSError:
        raise Problem(f'"{file}": cannot be read; expected the folder of a {program} that has finished a model')
    except ValueError:
        raise Problem(f'"{file}": is not JSON')
    if not isinstance(results, dict) or results.get("format") != f"saccade {program} 1":
        raise Problem(f'"{file}": is not of a {program}')
    for part in ("table.md", "figure.png"):
        if not (folder / part).is_file():
            raise Problem(f'"{folder}": has no {part}')
    return results


def abridged(table):
    """The tables without all figures of all models, and without rows that repeat another: what control policies find does
    not depend on the model."""
    lines, inside, chances = [], False, set()
    for line in table.split("### All figures")[0].rstrip().splitlines():
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        inside = cells[0] == "glimpses" or inside if cells else False
        if inside and cells[0] in ("random", "centre", "grid", "oracle"):
            continue
        if inside and cells[0] == "chance":
            if cells[1] in chances:
                continue
            chances.add(cells[1])
        lines.append(line)
    return "\n".join(lines)


def section_of(name, folder):
    """A study's part of the page."""
    title, about, command = STUDIES[name]
    text = f"## {title}\n\n{about}\n\n"
    if folder is None:
        return text + f"Not measured yet: `{command}`, then this page again.\n"
    results = results_of(name, folder)
    text += f"{results['runs']} of {results['planned']} models, by {results['library']}"
    text += ", judged on the test part.\n" if results.get("evaluation_split", results.get("judged_on")) == "test" else (
        ", judged on the validation part: figures to tune by, **not** those of the study.\n")
    if results["runs"] < results["planned"]:
        text += "The study is not complete.\n"
    about = folder / "about.md"
    if about.is_file():
        text += "\n" + about.read_text(encoding="utf-8").strip() + "\n"
    table = (folder / "table.md").read_text(encoding="utf-8")
    rest = f"[The record](records/{name}) has every figure of every model.\n"
    return f"{text}\n{abridged(table)}\n\n{rest}\n![{title}](images/results_{name}.png)\n"


def page_of(folders):
    sections = [section_of(name, folders[name]) for name in STUDIES]
    head = (
        "# Results\n\nWhat the studies of [benchmarks.md](benchmarks.md) measured. `studies/results_page.py` makes this "
        "page from their folders; the text above each table is written by hand. Tables keep the names of their time: the "
        "preset `stable` is called `large` today, and `focus` region.\n"
    )
    return "\n".join([head, *sections])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    for name in STUDIES:
        parser.add_argument(f"--{name}", type=pathlib.Path, metavar="DIR", help=f"folder of a {program_of(name)}")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("docs/results.md"), metavar="FILE")
    options = parser.parse_args()
    folders = {name: getattr(options, name.replace("-", "_")) for name in STUDIES}
    try:
        page = page_of(folders)
        images = options.out.parent / "images"
        images.mkdir(parents=True, exist_ok=True)
        for name, folder in folders.items():
            if folder is not None:
                shutil.copyfile(folder / "figure.png", images / f"results_{name}.png")
        options.out.write_text(page, encoding="utf-8")
    except (Problem, OSError) as problem:
        print(f"results_page.py: {problem}", file=sys.stderr)
        return 1
    print(options.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
