/** What a compiler says of a program and of the packed declarations that it reads. */

import * as path from "node:path";
import type * as ts from "typescript";

/** `project` holds index.ts, and the package under node_modules; other people's declarations are not judged. */
export function declarationProblems(compiler: typeof ts, options: ts.CompilerOptions, project: string): string[] {
  const program = compiler.createProgram([path.join(project, "index.ts")], options);
  const ours = program.getSourceFiles().filter(({ fileName }) => fileName.startsWith(project));
  if (!ours.some(({ fileName }) => fileName.endsWith("@odeus/pulumi/dist/generated/oauthClientConfig.d.ts")))
    return ["the package's declarations were not read"];
  const problems = ours.flatMap((source) => [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)]);
  return problems.map(({ file, messageText }) => `${file?.fileName}: ${compiler.flattenDiagnosticMessageText(messageText, " ")}`);
}
