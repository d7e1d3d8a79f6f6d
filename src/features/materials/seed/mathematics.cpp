#include "features/materials/seed/seed.hpp"

namespace bb::materials {
namespace {

constexpr std::string_view fractions = R"md(# What a fraction says

A fraction $\frac{a}{b}$ means: cut a whole into $b$ equal parts and take $a$ of them. The lower number $b$ is the **denominator**; it names the size of the parts. The upper number $a$ is the **numerator**; it counts them. The denominator is never zero, because nothing can be cut into no parts.

- A **proper fraction** is smaller than one: $\frac{3}{4}$.
- An **improper fraction** is one or more: $\frac{7}{4}$.
- A **mixed number** writes the same with its wholes in front: $\frac{7}{4} = 1\frac{3}{4}$.

## Equivalent fractions

Multiply or divide both numbers by the same number, and the value stays: $\frac{2}{3} = \frac{4}{6} = \frac{10}{15}$. To **simplify** a fraction, divide both by their greatest common factor: in $\frac{18}{24}$ it is $6$, so $\frac{18}{24} = \frac{3}{4}$.

## Fractions, decimals and percentages

| Fraction | Decimal | Percentage |
|---|---|---|
| $\frac{1}{2}$ | $0.5$ | $50\%$ |
| $\frac{1}{4}$ | $0.25$ | $25\%$ |
| $\frac{3}{4}$ | $0.75$ | $75\%$ |
| $\frac{1}{5}$ | $0.2$ | $20\%$ |
| $\frac{1}{3}$ | $0.333\ldots$ | $33.3\ldots\%$ |
| $\frac{1}{8}$ | $0.125$ | $12.5\%$ |

# Calculating with fractions

## Adding and subtracting

Parts can be counted together only when they have the same size. So first bring both fractions to a **common denominator**, best the least common multiple of the two.

*Example.* $\frac{2}{3} + \frac{1}{4}$: the least common multiple of $3$ and $4$ is $12$.

$$\frac{2}{3} + \frac{1}{4} = \frac{8}{12} + \frac{3}{12} = \frac{11}{12}$$

A common mistake is to add the denominators. Test it: $\frac{1}{2} + \frac{1}{2}$ would become $\frac{2}{4}$, which is a half and not a whole.

## Multiplying

Multiply the numerators and multiply the denominators: $\frac{2}{3} \cdot \frac{4}{5} = \frac{8}{15}$. Cancel common factors before you multiply; the numbers stay small. "Of" means times: two thirds *of* 60 is $\frac{2}{3} \cdot 60 = 40$.

## Dividing

To divide by a fraction, multiply by its **reciprocal**, the fraction turned upside down:

$$\frac{3}{4} : \frac{2}{5} = \frac{3}{4} \cdot \frac{5}{2} = \frac{15}{8} = 1\frac{7}{8}$$

Why does it work? Dividing by $\frac{2}{5}$ asks how often two fifths fit in. One fifth fits into a whole five times, so two fifths fit half as often.
)md";

constexpr std::string_view equations = R"md(# What an equation is

An **equation** says that two expressions have the same value. It is like a balance: what you do to one side you must do to the other. In a **linear equation** the unknown stands in the first power only, as in

$$3x + 5 = 20$$

A **solution** is a number that makes the equation true when it takes the place of the unknown.

# Solving step by step

The aim is to have $x$ alone on one side. Undo what has been done to it, last thing first.

$$\begin{aligned} 3x + 5 &= 20 && \mid -5 \\ 3x &= 15 && \mid :3 \\ x &= 5 \end{aligned}$$

**Check:** $3 \cdot 5 + 5 = 20$. It fits. Make the check a habit: it costs ten seconds and finds most slips.

## With the unknown on both sides

Collect the terms with $x$ on one side and the numbers on the other.

*Example.* $7x - 4 = 2x + 11$. Subtract $2x$ on both sides: $5x - 4 = 11$. Add $4$: $5x = 15$. Divide by $5$: $x = 3$.

## With brackets and fractions

Remove brackets first: $2(x - 3) = 8$ becomes $2x - 6 = 8$, so $x = 7$. When there are fractions, multiply the whole equation by the common denominator. In $\frac{x}{2} + \frac{x}{3} = 10$ multiply by $6$: $3x + 2x = 60$, so $x = 12$.

## None, one or all

Most linear equations have exactly one solution. If everything with $x$ falls away, look at what remains: $0 = 5$ is never true, so there is **no solution**; $0 = 0$ is always true, so **every number** is a solution.

# From words to an equation

1. Say what $x$ stands for, with its unit.
2. Translate the sentence piece by piece.
3. Solve, check, and answer in a sentence.

*Example.* Lena is four years older than Marco. Together they are 30. How old are they? Let $x$ be Marco's age in years. Then Lena is $x + 4$, and $x + (x + 4) = 30$. So $2x = 26$ and $x = 13$: Marco is 13 and Lena is 17.
)md";

constexpr std::string_view lines = R"md(# The straight line

The graph of $y = mx + b$ is a straight line. Two numbers describe it:

- $m$ is the **slope**: how far the line rises when you go one to the right. It is negative when the line falls.
- $b$ is the **y-intercept**: where the line crosses the $y$-axis.

## Slope from two points

For the points $(x_1, y_1)$ and $(x_2, y_2)$ the slope is rise over run:

$$m = \frac{y_2 - y_1}{x_2 - x_1}$$

*Example.* Through $(1, 2)$ and $(4, 11)$: $m = \frac{11 - 2}{4 - 1} = \frac{9}{3} = 3$. Put one point into $y = 3x + b$: $2 = 3 \cdot 1 + b$, so $b = -1$. The line is $y = 3x - 1$.

## Parallel and perpendicular

Parallel lines have the same slope. Two lines are perpendicular when their slopes multiply to $-1$: a line with slope $2$ is perpendicular to one with slope $-\frac{1}{2}$.

# Two equations, two unknowns

A **system of linear equations** asks for a point that lies on both lines.

**Substitution.** From $y = x + 1$ and $2x + y = 10$ put the first into the second: $2x + x + 1 = 10$, so $x = 3$ and $y = 4$.

**Elimination.** Add or subtract the equations so that one unknown vanishes: from $x + y = 7$ and $x - y = 1$ the sum gives $2x = 8$, so $x = 4$ and $y = 3$.

Lines that cross give one solution, parallel lines none, and one and the same line infinitely many.
)md";

constexpr SeedEntry mathematics_entries[] = {
    {"Fractions", fractions}, {"Linear equations", equations}, {"Lines and systems of equations", lines}};

}  // namespace

SeedMaterial mathematics_seed() {
    return {"Mathematics: fractions and linear equations", "Mathematics",
            "Parts of a whole, equations with one unknown, straight lines and systems, with worked examples.",
            mathematics_entries};
}

}  // namespace bb::materials
