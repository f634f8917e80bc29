package org.canbridge.runtime.training.watch;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.canbridge.runtime.page.Page;

/**
 * What a run is, and how it stands.
 *
 * @param model what is trained, for people
 * @param remark what else is to be said of the state, such as the last good checkpoint; a sentence,
 *     or empty
 * @param totalSteps how many steps the run is to have
 * @param trainedParameters how many of the model's numbers change
 * @param parameters how many it has
 * @param settings batch, precision, seed, data ...: texts by name, in the order they are shown in
 * @param links to other pages, from this one's place
 */
public record TrainingSummary(
    String model,
    State state,
    String remark,
    long totalSteps,
    long trainedParameters,
    long parameters,
    Map<String, String> settings,
    List<Page.Link> links) {

  /** How the run stands. */
  public enum State {
    /** It goes on; the page asks the browser for its next version from time to time. */
    RUNNING,
    /** All steps are done. */
    FINISHED,
    /** Stopped from outside; it can be resumed. */
    INTERRUPTED,
    /** Stopped because the loss or the gradient was not finite, or grew beyond measure. */
    DIVERGED
  }

  /** Checks the numbers and keeps the order of the settings. */
  public TrainingSummary {
    Objects.requireNonNull(model);
    Objects.requireNonNull(state);
    Objects.requireNonNull(remark);
    if (totalSteps < 1) {
      throw new IllegalArgumentException("a run has at least one step: " + totalSteps);
    }
    if (trainedParameters < 0 || trainedParameters > parameters) {
      throw new IllegalArgumentException(
          trainedParameters + " of " + parameters + " parameters are trained");
    }
    links = List.copyOf(links);
    settings = Collections.unmodifiableMap(new LinkedHashMap<>(settings));
  }
}
