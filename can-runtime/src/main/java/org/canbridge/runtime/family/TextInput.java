package org.canbridge.runtime.family;

/**
 * The features of a text that a text-conditional model takes, {@code (tokens, width)}.
 *
 * @param tokens number of tokens
 * @param width width of one token's features
 */
public record TextInput(int tokens, int width) {

  @Override
  public String toString() {
    return tokens + "x" + width;
  }
}
