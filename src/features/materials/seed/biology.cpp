#include "features/materials/seed/seed.hpp"

namespace bb::materials {
namespace {

constexpr std::string_view cells = R"md(# What a cell is

A **cell** is the smallest unit that is alive by itself. It takes in food, releases energy from it, gets rid of waste, grows, reacts to its surroundings and makes new cells. Some living things, such as bacteria and yeast, consist of one single cell. A grown human consists of about thirty trillion.

Three statements, together called the *cell theory*, sum up what two centuries of looking through microscopes have shown:

1. All living things are made of one or more cells.
2. The cell is the basic unit of structure and function of life.
3. Every cell comes from a cell that was there before it.

## Two plans: prokaryotes and eukaryotes

A **prokaryotic cell**, such as a bacterium, has no nucleus. Its DNA is a ring that lies free in the cytoplasm. Such cells are small, usually one to five micrometres long.

A **eukaryotic cell** keeps its DNA in a nucleus and has further compartments, the *organelles*, each with a task of its own. Animals, plants, fungi and protists are made of eukaryotic cells, which are ten to a hundred times as long as a bacterium.

# The parts of the cell and their work

| Part | Found in | What it does |
|---|---|---|
| Cell membrane | all cells | decides what enters and what leaves |
| Cytoplasm | all cells | jelly-like fluid in which most reactions happen |
| Nucleus | plants, animals, fungi | holds the DNA and controls the cell |
| Mitochondria | plants, animals, fungi | release energy from sugar by respiration |
| Ribosomes | all cells | build proteins from amino acids |
| Chloroplasts | plants, algae | make sugar by photosynthesis |
| Cell wall | plants, fungi, bacteria | gives strength and shape |
| Large vacuole | plants | stores water and sap, keeps the cell firm |

## The cell membrane

The membrane is a double layer of fat-like molecules in which proteins float. It is **selectively permeable**: oxygen, carbon dioxide and water pass easily, while sugar and salts need a protein channel. When water moves through the membrane from the side with less dissolved material to the side with more, we speak of *osmosis*. A plant cell in fresh water takes water in by osmosis and becomes firm (turgid); in salty water it loses water and the plant wilts.

## Plant cell or animal cell?

Both have a membrane, cytoplasm, a nucleus, mitochondria and ribosomes. Only the plant cell has a **cell wall** of cellulose, **chloroplasts** and one **large vacuole**. If you see a regular, box-like outline and green grains under the microscope, it is a plant cell.
)md";

constexpr std::string_view photosynthesis = R"md(# How plants make their food

**Photosynthesis** is the process by which green plants, algae and some bacteria turn light energy into chemical energy. They take carbon dioxide from the air and water from the soil, and with the energy of sunlight they make sugar (glucose). Oxygen is left over and is given off.

$$6\,CO_2 + 6\,H_2O \xrightarrow{\text{light}} C_6H_{12}O_6 + 6\,O_2$$

Read it aloud: six molecules of carbon dioxide and six of water give one molecule of glucose and six of oxygen. Nothing is lost: count the atoms of each kind on both sides and you will find the same numbers.

## Where it happens

Photosynthesis takes place in the **chloroplasts**, above all in the cells of the leaf. A chloroplast contains stacks of flat bags called *thylakoids*, and around them a fluid, the *stroma*. The green pigment **chlorophyll** sits in the thylakoid membranes. It absorbs red and blue light and reflects green light, which is why leaves look green.

Carbon dioxide enters through tiny openings on the underside of the leaf, the **stomata**. Two guard cells open and close each of them. Water comes from the roots through the vessels of the xylem.

## Two stages

**1. Light-dependent reactions** happen in the thylakoids. Chlorophyll captures light. Its energy splits water into oxygen, protons and electrons, and charges two carriers of energy, ATP and NADPH. The oxygen leaves through the stomata.

**2. The Calvin cycle** happens in the stroma and needs no light itself. It uses the ATP and the NADPH of the first stage to build sugar from carbon dioxide.

# What limits the rate

A plant can work no faster than its scarcest supply allows. Three things commonly limit photosynthesis:

- **Light intensity.** More light gives a faster rate, until something else runs short.
- **Carbon dioxide.** Air holds only about 0.04 percent of it, so greenhouse growers add some.
- **Temperature.** The enzymes work best between about 25 and 35 degrees Celsius. Above 40 degrees they lose their shape and the rate falls sharply.

## A classroom experiment

Place a water plant such as *Elodea* under a funnel in a beaker of water and put a test tube over it. Count the bubbles of oxygen that rise in one minute with a lamp at 10 cm, 20 cm and 40 cm. The bubbles become fewer as the lamp moves away, because light becomes the limiting factor.

# Why it matters

Nearly all food begins with photosynthesis, for animals eat plants or eat animals that ate plants. The oxygen that we breathe is its by-product. Forests and seas also bind carbon dioxide in this way and so soften the warming of the climate.
)md";

constexpr std::string_view respiration = R"md(# Releasing the energy of food

**Cellular respiration** is the process in which cells break down glucose to release energy. It is not the same as breathing: breathing moves air, respiration is a chain of reactions inside every living cell, by day and by night, in plants as well as in animals.

$$C_6H_{12}O_6 + 6\,O_2 \rightarrow 6\,CO_2 + 6\,H_2O + \text{energy (ATP)}$$

The energy is caught in a molecule called **ATP**, the small change of the cell: each ATP pays for one small piece of work, such as pulling a muscle fibre or pumping a salt through the membrane.

## Three steps with oxygen (aerobic)

1. **Glycolysis**, in the cytoplasm: glucose is split into two molecules of pyruvate. Gain: 2 ATP.
2. **Krebs cycle**, in the matrix of the mitochondria: pyruvate is taken apart, carbon dioxide is given off. Gain: 2 ATP and many charged carriers.
3. **Electron transport chain**, on the inner membrane of the mitochondria: the carriers hand over their electrons, oxygen takes them in the end and becomes water. Gain: about 26 to 28 ATP.

## Without oxygen (anaerobic)

When oxygen runs short, cells get only the 2 ATP of glycolysis. In our muscles **lactic acid** forms, and they burn and tire. Yeast makes alcohol and carbon dioxide instead: this *fermentation* raises bread dough.

# Photosynthesis and respiration compared

| | Photosynthesis | Respiration |
|---|---|---|
| Takes in | carbon dioxide, water, light | glucose, oxygen |
| Gives off | glucose, oxygen | carbon dioxide, water, ATP |
| Where | chloroplasts | cytoplasm and mitochondria |
| When | in light only | always |
| Energy | is stored | is released |

The two processes are mirror images: the products of one are the raw materials of the other. A plant does both. In bright light it makes more oxygen than it uses; in the dark it only respires.

## Check yourself

- Why do seeds that germinate in the dark lose dry mass?
- A runner's legs ache after a sprint. Which process has been at work, and what has formed?
- Why is it wrong to say that plants breathe in carbon dioxide *instead of* oxygen?
)md";

constexpr SeedEntry entries[] = {{"Cells: the units of life", cells},
                                 {"Photosynthesis", photosynthesis},
                                 {"Cellular respiration", respiration}};

}  // namespace

SeedMaterial biology_seed() {
    return {"Biology: cells and energy", "Biology",
            "How cells are built, how plants make food from light, and how living things release its energy.",
            entries};
}

}  // namespace bb::materials
