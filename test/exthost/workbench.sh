#!/bin/sh
# Looks like VS Code's executable to @vscode/test-electron, and is the workbench in a browser.
cd "$(dirname "$0")/../.." && exec node test/run.mjs test/exthost/workbench.ts "$@"
