/** The operator's release, which is that of the servers it runs. */
export const OPERATOR_VERSION = "0.1.0";
