/** A panel of the catalogue. Prices are in US dollars, taxes not included. */
export interface Panel {
  readonly code: string;
  readonly use: string;
  readonly core: string;
  readonly thicknessMm: number;
  /** Width that one panel covers once it overlaps the next. */
  readonly coverM: number;
  /** Distance between supports at most. */
  readonly maxSpanM: number;
  readonly pricePerM2: number;
}

/** What a surface takes. */
export interface Quote {
  readonly code: string;
  readonly panels: number;
  readonly panelLengthM: number;
  readonly areaM2: number;
  readonly supports: number;
  readonly priceUsd: number;
}

/** Panels lie along `lengthM`, side by side over `widthM`: whole panels are bought, and a support stands at each end and wherever the span ends. */
export function quote(panel: Panel, lengthM: number, widthM: number): Quote {
  // A millimetre is lost in rounding sooner than a panel too many is sold.
  const panels = Math.ceil(widthM / panel.coverM - 0.001);
  const areaM2 = panels * panel.coverM * lengthM;
  return {
    code: panel.code,
    panels,
    panelLengthM: lengthM,
    areaM2: Math.round(areaM2 * 100) / 100,
    supports: Math.ceil(lengthM / panel.maxSpanM - 0.001) + 1,
    priceUsd: Math.round(areaM2 * panel.pricePerM2 * 100) / 100,
  };
}
