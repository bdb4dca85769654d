/** A cell that does not fit its variable. */
export class CellFault extends Error {}
