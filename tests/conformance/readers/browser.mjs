// Chromium on pages: what it requests, what axe-core finds, what is wider than the window, how many sheets print.
//   node browser.mjs FOLDER page.html ...      pictures and PDF files of each page go to FOLDER
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { readFileSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import puppeteer from "puppeteer-core";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
// Width and height of the window, and how many points of the screen a pixel has; "zoomed" is 400 % on 1280 × 1024.
const WINDOWS = {
  desktop: [1280, 1024, 1],
  telephone: [390, 844, 1],
  narrow: [320, 640, 1],
  zoomed: [320, 256, 4],
};
const SHEETS = { letter: "Letter", a4: "A4" };
// WCAG 2.2, 1.4.12: a reader may set these, and nothing may be lost.
const SPACED = "* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important }" +
  "p { margin-bottom: 2em !important }";

const [folder, ...paths] = process.argv.slice(2);
const executablePath = execFileSync("sh", ["-c", "command -v chromium"], { encoding: "utf8" }).trim();
const browser = await puppeteer.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage"] });

// What goes out of the window sideways, or is cut off in its own box.
function cutOff() {
  const width = document.documentElement.clientWidth;
  const seen = [...document.body.querySelectorAll("*")].filter((one) => !one.closest(".aside, [aria-hidden=true]"));
  const out = seen.filter((one) => {
    const box = one.getBoundingClientRect();
    return box.right > width + 0.5 || box.left < -0.5 || one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 0 &&
      !(one instanceof SVGElement);
  });
  const named = out.map((one) => `${one.tagName.toLowerCase()}.${one.className}: ${one.textContent.trim().slice(0, 40)}`);
  return document.documentElement.scrollWidth > width ? ["the page scrolls sideways", ...named] : named;
}

// What axe-core finds wrong. What it cannot judge, such as the contrast of text in a drawing, it lists apart.
async function found(page) {
  const result = await page.evaluate(() => window.axe.run(document, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    rules: { "target-size": { enabled: true } },
  }));
  return result.violations.flatMap((rule) =>
    rule.nodes.map((node) => `${rule.id}: ${node.target}: ${node.html.slice(0, 200)}`));
}

async function read(path) {
  const page = await browser.newPage();
  const name = join(folder, basename(path, ".html"));
  const requests = [];
  const messages = [];
  page.on("request", (request) => requests.push(request.url()));
  page.on("console", (message) => messages.push(message.text()));
  page.on("dialog", (dialog) => { messages.push(dialog.message()); dialog.dismiss(); });
  const read = { axe: {}, cut_off: {}, sheets: {} };
  for (const [window, [width, height, deviceScaleFactor]] of Object.entries(WINDOWS)) {
    await page.setViewport({ width, height, deviceScaleFactor });
    if (page.url() === "about:blank") await page.goto(pathToFileURL(resolve(path)), { waitUntil: "load" });
    read.cut_off[window] = await page.evaluate(cutOff);
    await page.screenshot({ path: `${name}.${window}.png`, fullPage: window !== "zoomed" });
  }
  for (const [window, [width, height]] of Object.entries({ desktop: WINDOWS.desktop, narrow: WINDOWS.narrow })) {
    await page.setViewport({ width, height });
    for (const scheme of ["light", "dark"]) {
      await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
      if (window === "desktop" && scheme === "light") await page.evaluate(AXE);
      read.axe[`${window}, ${scheme}`] = await found(page);
      if (scheme === "dark" && window === "desktop") await page.screenshot({ path: `${name}.${window}.dark.png`, fullPage: true });
    }
  }
  await page.emulateMediaFeatures([]);
  read.pictures = await page.evaluate(() => [...document.images].map((one) => one.naturalWidth));
  for (const [sheet, format] of Object.entries(SHEETS)) {
    const pdf = Buffer.from(await page.pdf({ format, preferCSSPageSize: true, path: `${name}.${sheet}.pdf` }));
    read.sheets[sheet] = pdf.toString("latin1").match(/\/Type\s*\/Page\b/g).length;
  }
  await page.addStyleTag({ content: SPACED });
  read.cut_off.spaced = await page.evaluate(cutOff);
  await page.close();
  // The first request is for the page itself; what stands in the page as data: is none.
  const asked = requests.slice(1).filter((url) => !url.startsWith("data:"));
  return { ...read, requests: asked, messages };
}

const pages = {};
try {
  for (const path of paths) pages[basename(path, ".html")] = await read(path);
} finally {
  await browser.close();
}
console.log(JSON.stringify(pages));
