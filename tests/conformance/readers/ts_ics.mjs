// ts-ics: a zone is what the file's own VTIMEZONE says.
import { readFileSync } from "node:fs";
import { convertIcsCalendar } from "ts-ics";

const calendar = convertIcsCalendar(undefined, readFileSync(process.argv[2], "utf8"));

function instant({ date, type }) {
  const iso = date.toISOString().replace(".000", "");
  return type === "DATE" ? iso.slice(0, 10) : iso;
}

const events = (calendar.events ?? []).map((event) => ({
  uid: event.uid,
  start_utc: instant(event.start),
  end_utc: instant(event.end),
  summary: event.summary ?? null,
  status: event.status ?? null,
  sequence: event.sequence ?? 0, // ts-ics drops a SEQUENCE of 0, which is also the default
}));
console.log(JSON.stringify(events));
