/** Which form of a run's page is the default: it is Paperclip's program that tells, and nothing else. */
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { planPage } from "../../../../src/run/tell/page/page.ts";
import { choosePageForm } from "../../../../src/run/tell/page/page-form.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "page-form-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function file(path: string, text = ""): Promise<string> {
  const whole = join(folder, path);
  await mkdir(dirname(whole), { recursive: true });
  await writeFile(whole, text);
  return whole;
}

describe("without a word of the operator", () => {
  test("words in the server's own program", async () => {
    await file(
      "npm/node_modules/@paperclipai/server/package.json",
      '{"name":"@paperclipai/server","version":"2026.916.1"}',
    );
    const program = await file("npm/node_modules/@paperclipai/server/dist/index.js");
    expect(await choosePageForm({}, program)).toBe("text");
  });

  test("words in the image's server, whose version is a placeholder, and with folders that have no name", async () => {
    await file("app/package.json", '{"name":"paperclip"}');
    await file("app/server/package.json", '{"name":"@paperclipai/server","version":"0.3.1"}');
    await file("app/server/dist/package.json", '{"type":"module"}');
    expect(await choosePageForm({}, await file("app/server/dist/index.js"))).toBe("text");
  });

  test("words in the command line that loads the server, started through npm's link", async () => {
    await file("cli/node_modules/paperclipai/package.json", '{"name":"paperclipai"}');
    const program = await file("cli/node_modules/paperclipai/dist/index.js");
    const link = join(folder, "cli/node_modules/.bin/paperclipai");
    await mkdir(dirname(link));
    await symlink(program, link);
    expect(await choosePageForm({}, link)).toBe("text");
  });

  test.each([
    ["a program of another package, though Paperclip lies beside it", "other/main.js", '{"name":"harness"}'],
    ["a program of a package that cannot be read", "broken/main.js", "{"],
    ["a program of no package", "none/main.js", null],
  ])("stream-json in %s", async (_name, path, packageJson) => {
    if (packageJson !== null) await file(join(dirname(path), "package.json"), packageJson);
    await file(join(dirname(path), "node_modules/@paperclipai/server/package.json"), '{"name":"@paperclipai/server"}');
    expect(await choosePageForm({}, await file(path))).toBe("stream-json");
  });

  test("stream-json where there is no program, or it is gone", async () => {
    expect(await choosePageForm({}, undefined)).toBe("stream-json");
    expect(await choosePageForm({}, join(folder, "gone.js"))).toBe("stream-json");
  });

  test("stream-json in this very process, and whatever Paperclip's variables say", async () => {
    const env = { PAPERCLIP_LISTEN_PORT: "3100", PAPERCLIP_HOME: folder };
    expect(await choosePageForm(env, process.argv[1])).toBe("stream-json");
  });
});

describe("the operator's word", () => {
  test.each([
    ["text", "text"],
    ["words", "text"],
    [" Stream-JSON ", "stream-json"],
    ["", "stream-json"],
  ])("%j", async (word, form) => {
    expect(await choosePageForm({ PAPERCLIP_K8S_PAGE: word }, undefined)).toBe(form);
  });

  test("wins over the program", async () => {
    await file("server/package.json", '{"name":"@paperclipai/server"}');
    const program = await file("server/index.js");
    expect(await choosePageForm({ PAPERCLIP_K8S_PAGE: "stream-json" }, program)).toBe("stream-json");
  });

  test("that is neither is refused, with the way out", async () => {
    await expect(choosePageForm({ PAPERCLIP_K8S_PAGE: "pretty" }, undefined)).rejects.toMatchObject({
      name: "ConfigError",
      message: expect.stringMatching(
        /^PAPERCLIP_K8S_PAGE: is "pretty", which is neither text nor stream-json\. Correct/,
      ),
    });
  });
});

describe("where the agent's own lines are", () => {
  const env = { PAPERCLIP_K8S_PAGE: "text", PAPERCLIP_HOME: "/paperclip" };

  test("in Paperclip's home, by the run's id; the command has the name that pages give the run", async () => {
    expect(await planPage("080a3c28-29ab-42aa-8a5d-042e543333aa", { env, mainModule: undefined })).toEqual({
      form: "text",
      file: "/paperclip/claude_k8s/transcripts/080a3c28-29ab-42aa-8a5d-042e543333aa.jsonl",
      command: "claude-k8s transcript 080a3c28",
    });
  });

  test("never outside of it, whatever the host calls a run", async () => {
    expect(await planPage("../../etc/run", { env, mainModule: undefined })).toMatchObject({
      file: "/paperclip/claude_k8s/transcripts/..%2F..%2Fetc%2Frun.jsonl",
      command: "claude-k8s transcript ../../etc/run",
    });
  });
});
