/**
 * What needs the types of all sources: the compiler's own check, and ESLint's rules. In one process, so that the sources are
 * read and their types found once: apart, that took ESLint as long again as the compiler. Each finds what it finds alone
 * (`tsc -p .`, `eslint .`).
 */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ESLint } from "eslint";
import ts from "typescript";

const root = fileURLToPath(new URL("../..", import.meta.url));

function programOf(config: string): ts.Program {
  const path = join(root, config);
  const { config: json, error } = ts.readConfigFile(path, ts.sys.readFile);
  if (error) throw new Error(ts.formatDiagnostic(error, host));
  const { fileNames, options, errors } = ts.parseJsonConfigFileContent(json, ts.sys, dirname(path), undefined, path);
  return ts.createProgram({ rootNames: fileNames, options, configFileParsingDiagnostics: errors });
}

const host: ts.FormatDiagnosticsHost = {
  getCanonicalFileName: (name) => name,
  getCurrentDirectory: () => root,
  getNewLine: () => "\n",
};

const own = programOf("tsconfig.json");
const endToEnd = programOf("e2e/tsconfig.json");
const found = [...ts.getPreEmitDiagnostics(own), ...endToEnd.getConfigFileParsingDiagnostics()];
process.stdout.write(ts.formatDiagnosticsWithColorAndContext(found, host));

const eslint = new ESLint({
  cwd: root,
  overrideConfig: {
    files: ["**/*.ts"],
    languageOptions: { parserOptions: { programs: [own, endToEnd] } },
  },
});
const results = await eslint.lintFiles(["."]);
process.stdout.write(await (await eslint.loadFormatter("stylish")).format(results));
const wrong = results.some(({ errorCount, warningCount }) => errorCount > 0 || warningCount > 0);
process.exitCode = found.length > 0 || wrong ? 1 : 0;
