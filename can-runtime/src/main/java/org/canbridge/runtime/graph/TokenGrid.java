package org.canbridge.runtime.graph;

/**
 * How the tokens of a transformer lie in the image: {@code extra} condition tokens, then {@code
 * height * width} image tokens row by row.
 *
 * @param extra tokens in front that are no part of the image
 * @param height rows of the grid
 * @param width columns of the grid
 */
public record TokenGrid(int extra, int height, int width) {

  /** Number of tokens N. */
  public int tokens() {
    return extra + height * width;
  }
}
