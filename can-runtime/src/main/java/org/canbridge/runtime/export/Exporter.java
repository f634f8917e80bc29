package org.canbridge.runtime.export;

import org.canbridge.runtime.Model;

/**
 * A form in which a model leaves for other programs: what stands behind {@code export --format}. A
 * new one is a class and its line in {@link Exporters}.
 */
public interface Exporter {

  /** The word of {@code --format}. */
  String name();

  /** What is written and which models it can hold: one sentence without a full stop. */
  String holds();

  /** The ending of the file that is written, without its dot; empty if that is a folder. */
  String ending();

  /**
   * Makes everything ready that can be refused; writes nothing.
   *
   * @param model stays open until the export is written
   * @throws IllegalArgumentException if this form cannot hold the model, with the reason
   */
  Export prepare(Model model);
}
