import { createUndoLog } from "../../src/rollout/undo.js";

const log = (done: string[], names: string[], failing?: string) => {
  const undo = createUndoLog();
  for (const what of names)
    undo.push({
      what,
      run: async () => {
        if (what === failing) throw new Error("refused");
        done.push(what);
      },
    });
  return undo;
};

it("undoes in reverse, and says what", async () => {
  const done: string[] = [];
  expect(await log(done, ["app", "secret", "slot"]).rollBack()).toEqual({ undone: ["slot", "secret", "app"], left: [] });
  expect(done).toEqual(["slot", "secret", "app"]);
});

it("ends at the first that fails: what came before it may still be relied on", async () => {
  const done: string[] = [];
  expect(await log(done, ["app", "secret", "slot"], "secret").rollBack()).toEqual({
    undone: ["slot"],
    left: ["could not undo so that secret: refused", "not undone for that reason: app"],
  });
  expect(done).toEqual(["slot"]);
});

it("has nothing to say where nothing was done, and undoes nothing twice", async () => {
  expect(await createUndoLog().rollBack()).toEqual({ undone: [], left: [] });
  const done: string[] = [];
  const undo = log(done, ["app"]);
  await undo.rollBack();
  expect(await undo.rollBack()).toEqual({ undone: [], left: [] });
  expect(done).toEqual(["app"]);
});
