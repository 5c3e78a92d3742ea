/** What one value of a cron field looks like, and how the field is called in an error. */
interface CronField {
  readonly name: string;
  readonly value: string;
}

const CRON_FIELDS: readonly CronField[] = [
  { name: "minute", value: "[0-5]?[0-9]" },
  { name: "hour", value: "([01]?[0-9]|2[0-3])" },
  { name: "day of month", value: "(0?[1-9]|[12][0-9]|3[01])" },
  { name: "month", value: "(0?[1-9]|1[0-2]|JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)" },
  { name: "day of week", value: "([0-7]|SUN|MON|TUE|WED|THU|FRI|SAT)" },
];

/** Abbreviations of whole schedules, as CronJob takes them. */
export const CRON_MACROS = ["@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@yearly", "@annually"] as const;

const fieldPattern = ({ value }: CronField): string => {
  const part = `([*]|${value}(-${value})?)(/[1-9][0-9]?)?`;
  return `${part}(,${part})*`;
};

/**
 * A schedule: five fields (minute, hour, day of month, month, day of week) or an abbreviation. Names of months and days
 * are upper case here; rules match them against the schedule in upper case.
 */
export const CRON_PATTERN = `^(${CRON_FIELDS.map(fieldPattern).join(" +")}|${CRON_MACROS.map((name) => name.toUpperCase()).join("|")})$`;

const FORM = new RegExp(CRON_PATTERN);

/** Whether that is a schedule as far as its form goes; the API server refuses the others. */
export function isCronSchedule(schedule: string): boolean {
  return FORM.test(schedule.toUpperCase());
}
